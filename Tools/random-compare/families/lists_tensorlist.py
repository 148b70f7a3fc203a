"""TensorList, TensorMap and Optional values: made, changed and read in one graph."""
import numpy as np

from oracle.spec import op


def shape_of(c, shape):
    """An element shape: known, unknown rank, or partly unknown."""
    if c.chance(0.6) or not shape:
        return c.host(np.array(shape, np.int32), const=0.9)
    if c.chance(0.4):
        return c.host(np.int32(-1), const=1)
    return c.host(np.array([-1 if c.chance(0.5) else d for d in shape]), const=1)


def made(c, low=1):
    """(a list with elements, its dtype, element shape and length)"""
    dtype = c.choice(["float", "int32", "double", "bool", "string", "int64", "half"])
    shape = c.shape(high=3, empty=0, limit=60)
    count = c.int(low, 5)
    how = c.int(0, 2)
    if how == 0 and count:
        handle = c.op("TensorListFromTensor", c.draw(dtype, [count, *shape]), shape_of(c, shape))
    elif how == 1:
        handle = c.op("TensorListReserve", shape_of(c, shape), c.host(count), element_dtype=dtype)
        for i in c.rng.permutation(count):
            handle = c.op("TensorListSetItem", handle, c.host(int(i)), c.draw(dtype, shape),
                          **c.attrs(resize_if_index_out_of_bounds=[None, True]))
    else:
        handle = c.op("EmptyTensorList", shape_of(c, shape), c.host(c.choice([-1, 10])),
                      element_dtype=dtype)
        for _ in range(count):
            handle = c.op("TensorListPushBack", handle, c.draw(dtype, shape))
    return handle, dtype, shape, count


def stack(c, handle, dtype, shape, count=None):
    more = {"num_elements": count} if count is not None and c.chance(0.4) else {}
    return c.op("TensorListStack", handle, c.host(np.array(shape, np.int32), const=1),
                element_dtype=dtype, **more)


@op("EmptyTensorList TensorListPushBack TensorListReserve TensorListSetItem TensorListFromTensor "
    "TensorListStack", tol="exact")
def basic(c):
    handle, dtype, shape, count = made(c)
    if c.bad("shape", "range"):
        if c.chance(0.5):
            handle = c.op("TensorListPushBack", handle, c.draw("int8", shape))
        else:
            handle = c.op("TensorListSetItem", handle, c.host(99), c.draw(dtype, shape))
    c.fetch(stack(c, handle, dtype, shape, count), c.op("TensorListLength", handle))


@op("TensorListLength", tol="exact")
def length(c):
    c.fetch(c.op("TensorListLength", made(c, 0)[0]))


@op("TensorListPopBack", tol="exact")
def pop(c):
    handle, dtype, shape, count = made(c)
    rest, last = c.op("TensorListPopBack", handle, c.host(np.array(shape, np.int32), const=1),
                      element_dtype=dtype)
    c.fetch(last, c.op("TensorListLength", rest), stack(c, handle, dtype, shape))
    if count > 1:
        c.fetch(stack(c, rest, dtype, shape))


@op("TensorListGetItem", tol="exact")
def get_item(c):
    handle, dtype, shape, count = made(c)
    at = c.int(0, count - 1) if not c.bad("range") else count
    if c.chance(0.3) and not c.expects_error:
        handle = c.op("TensorListReserve", c.host(np.array(shape, np.int32), const=1), c.host(3),
                      element_dtype="float")
        dtype, at = "float", 1
    known = c.host(np.array(shape, np.int32), const=1)
    c.fetch(c.op("TensorListGetItem", handle, c.host(at), known, element_dtype=dtype))


@op("TensorListElementShape", tol="exact")
def element_shape(c):
    c.fetch(c.op(c.name, made(c)[0], shape_type=c.choice(["int32", "int64"])))


@op("TensorListResize", tol="exact")
def resize(c):
    handle, dtype, shape, count = made(c)
    size = c.int(0, 7)
    handle = c.op(c.name, handle, c.host(size))
    c.fetch(c.op("TensorListLength", handle))
    if 0 < size <= count:
        c.fetch(stack(c, handle, dtype, shape))


@op("TensorListConcat TensorListConcatV2", tol="exact")
def concat(c):
    dtype = c.choice(["float", "int32", "string", "double"])
    rest = c.shape(high=2, empty=0, limit=20)
    handle = c.op("EmptyTensorList", c.host(np.int32(-1), const=1), c.host(-1), element_dtype=dtype)
    for _ in range(c.int(1, 4)):
        handle = c.op("TensorListPushBack", handle, c.draw(dtype, [c.int(0, 4), *rest]))
    if c.name == "TensorListConcat":
        out = c.op(c.name, handle, element_dtype=dtype, element_shape=[None, *rest])
    else:
        out = c.op(c.name, handle, c.host(np.array([-1, *rest]), const=1),
                   c.host(np.zeros(0), "int64", const=1), element_dtype=dtype)
    c.fetch(*out)


@op("TensorListConcatLists", tol="exact")
def concat_lists(c):
    dtype, shape = "float", c.shape(high=2, empty=0, limit=20)
    parts = [c.op("TensorListFromTensor", c.draw(dtype, [c.int(1, 3), *shape]), c.host(
        np.array(shape, np.int32), const=1)) for _ in range(2)]
    c.fetch(stack(c, c.op(c.name, *parts, element_dtype=dtype), dtype, shape))


@op("TensorListGather", tol="exact")
def gather(c):
    handle, dtype, shape, count = made(c)
    ids = c.rng.integers(0, count, c.int(1, 5)) if not c.bad("range") else np.array([count])
    c.fetch(c.op(c.name, handle, c.feed(ids, "int32"), c.host(np.array(shape, np.int32), const=1),
                 element_dtype=dtype))


@op("TensorListScatter TensorListScatterV2 TensorListScatterIntoExistingList", tol="exact")
def scatter(c):
    dtype, shape = c.choice(["float", "int32", "string"]), c.shape(high=2, empty=0, limit=20)
    count = c.int(1, 5)
    ids = c.rng.permutation(count)
    value = c.draw(dtype, [count, *shape])
    known = c.host(np.array(shape, np.int32), const=1)
    if c.name == "TensorListScatter":
        handle = c.op(c.name, value, c.feed(ids, "int32"), known)
    elif c.name == "TensorListScatterV2":
        handle = c.op(c.name, value, c.feed(ids, "int32"), known, c.host(c.choice([-1, count])))
    else:
        start = c.op("TensorListReserve", known, c.host(count), element_dtype=dtype)
        handle = c.op(c.name, start, value, c.feed(ids, "int32"))
    c.fetch(stack(c, handle, dtype, shape))


@op("TensorListSplit", tol="exact")
def split(c):
    dtype, rest = "float", c.shape(high=2, empty=0, limit=20)
    lengths = c.rng.integers(0, 4, c.int(1, 4))
    handle = c.op(c.name, c.draw(dtype, [int(lengths.sum()), *rest]), c.host(
        np.array([-1, *rest]), const=1), c.feed(lengths, "int64"))
    c.fetch(c.op("TensorListLength", handle), *[c.op(
        "TensorListGetItem", handle, c.host(i), c.host(np.array([-1, *rest]), const=1),
        element_dtype=dtype) for i in range(len(lengths))])


@op("TensorListPushBackBatch", tol="exact")
def push_batch(c):
    shape, batch = c.shape(high=2, empty=0, limit=20), c.int(1, 3)
    known = c.host(np.array(shape, np.int32), const=1)
    lists = [c.op("EmptyTensorList", known, c.host(-1), element_dtype="float")
             for _ in range(batch)]
    packed = c.op("Pack", lists)
    packed = c.op(c.name, packed, c.draw("float", [batch, *shape]))
    packed = c.op(c.name, packed, c.draw("float", [batch, *shape]))
    for item in as_list(c.op("Unpack", packed, num=batch)):
        c.fetch(stack(c, item, "float", shape))


def as_list(x):
    return x if isinstance(x, list) else [x]


@op("OptionalFromValue OptionalGetValue OptionalHasValue OptionalNone", tol="exact")
def optional(c):
    types = [c.choice(["float", "int32", "string"]) for _ in range(c.int(1, 3))]
    shapes = [c.shape() for _ in types]
    value = c.op("OptionalFromValue", [c.draw(t, s) for t, s in zip(types, shapes)])
    if c.name == "OptionalNone":
        value = c.op("OptionalNone")
    c.fetch(c.op("OptionalHasValue", value))
    if c.name != "OptionalNone" or c.bad("none"):
        c.fetch(as_list(c.op("OptionalGetValue", value, output_types=types, output_shapes=shapes)))


@op("EmptyTensorMap TensorMapInsert TensorMapLookup TensorMapErase TensorMapHasKey TensorMapSize "
    "TensorMapStackKeys", tol="exact")
def tensor_map(c):
    handle = c.op("EmptyTensorMap")
    keys = c.rng.permutation(9)[:c.int(1, 4)]
    for k in keys:
        handle = c.op("TensorMapInsert", handle, c.feed(np.int32(k), "int32"), c.draw("float", [2]))
    key = c.feed(np.int32(keys[0] if not c.bad("key") else 77), "int32")
    c.fetch(c.op("TensorMapSize", handle))
    if c.name == "TensorMapLookup" or c.expects_error:
        c.fetch(c.op("TensorMapLookup", handle, key, value_dtype="float"))
    elif c.name == "TensorMapErase":
        less = c.op("TensorMapErase", handle, key, value_dtype="float")
        c.fetch(c.op("TensorMapSize", less), c.op("TensorMapHasKey", less, key))
    elif c.name == "TensorMapHasKey":
        c.fetch(c.op("TensorMapHasKey", handle, c.feed(np.int32(c.int(0, 9)), "int32")))
    elif c.name == "TensorMapStackKeys" and len(keys) == 1:
        c.fetch(c.op("TensorMapStackKeys", handle, key_dtype="int32"))
