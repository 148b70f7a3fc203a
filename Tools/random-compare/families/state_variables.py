"""Reference and resource variables."""
import numpy as np

from oracle.spec import op

from ._state import read, read_ref, ref_variable, resource_variable

I = ["int32", "int64"]


@op("Variable VariableV2 Assign", tol="exact")
def variable(c):
    dtype = c.dtype("T", op="Assign")
    value = c.values(dtype, c.any_shape())
    ref, init = ref_variable(c, value, dtype, None if c.name == "Assign" else c.name[-1] == "2")
    if c.bad("uninitialised") and c.name != "Assign":
        c.fetch(c.op("Identity", ref))
        return
    if c.name == "Assign":
        other = c.values(dtype, list(value.shape))
        more = {}
        if c.bad("shape"):
            other = c.values(dtype, [*value.shape, 2])
        elif c.chance(0.2):
            other, more = c.values(dtype, [2, 3]), {"validate_shape": False}
        init = c.op("Assign", ref, c.feed(other, dtype), deps=[init], **more)
    c.fetch(read_ref(c, ref, init))


@op("AssignAdd AssignSub", tol="math")
def assign_add(c):
    dtype = c.dtype()
    shape = c.any_shape()
    ref, init = ref_variable(c, c.values(dtype, shape, special=False), dtype)
    delta = c.draw(dtype, shape if not c.bad("shape") else [*shape, 2], special=False)
    c.fetch(read_ref(c, ref, c.op(c.name, ref, delta, deps=[init])))


@op("IsVariableInitialized", tol="exact")
def is_initialized(c):
    ref, init = ref_variable(c, c.values("float", c.shape()), "float")
    c.fetch(c.op(c.name, ref, deps=[init] if c.chance(0.6) else []))


@op("CountUpTo", tol="exact")
def count_up_to(c):
    dtype = c.choice(I)
    ref, init = ref_variable(c, np.asarray(c.int(0, 4)), dtype)
    limit = 7 if not c.bad("limit") else 0
    c.fetch(c.op(c.name, ref, limit=limit, deps=[init]))


@op("ResourceCountUpTo", tol="exact")
def resource_count(c):
    dtype = c.choice(I)
    handle, init = resource_variable(c, np.asarray(c.int(0, 4)), dtype)
    c.fetch(c.op(c.name, handle, limit=7 if not c.bad("limit") else 0, T=dtype, deps=[init]))


@op("TemporaryVariable DestroyTemporaryVariable", tol="exact")
def temporary(c):
    dtype, shape = c.choice(["float", "int32", "double"]), c.shape()
    ref = c.op("TemporaryVariable", shape=shape, dtype=dtype, var_name="temp")
    init = c.op("Assign", ref, c.draw(dtype, shape))
    more = c.op("AssignAdd", init, c.draw(dtype, shape, special=False)) if c.chance(0.6) else init
    c.fetch(c.op("DestroyTemporaryVariable", more, var_name="temp"))


@op("ScatterAdd ScatterSub ScatterMul ScatterDiv ScatterMin ScatterMax ScatterUpdate", tol="math")
def scatter(c):
    dtype = c.dtype()
    rows, ids, updates = scatter_parts(c, dtype)
    ref, init = ref_variable(c, rows, dtype)
    done = c.op(c.name, ref, c.feed(ids, c.choice(I)), c.feed(updates, dtype), deps=[init])
    c.fetch(read_ref(c, ref, done))


@op("ResourceScatterAdd ResourceScatterSub ResourceScatterMul ResourceScatterDiv "
    "ResourceScatterMin ResourceScatterMax ResourceScatterUpdate", tol="math")
def resource_scatter(c):
    dtype = c.dtype("dtype")
    rows, ids, updates = scatter_parts(c, dtype)
    handle, init = resource_variable(c, rows, dtype)
    done = c.op(c.name, handle, c.feed(ids, c.choice(I)), c.feed(updates, dtype), deps=[init])
    c.fetch(read(c, handle, dtype, done))


def gentle(c, dtype, shape):
    return {"low": 1, "high": 5} if dtype.startswith("u") or "int" in dtype else {"special": False}


def scatter_parts(c, dtype):
    shape = c.shape(low=1, high=3, empty=0)
    lead = c.shape(high=2, sizes=[1, 2, 3])
    ids = c.rng.integers(0, shape[0], lead)
    if c.name.endswith("Update"):
        count = c.int(0, shape[0])
        lead, ids = [count], c.rng.permutation(shape[0])[:count]
    how = gentle(c, dtype, shape)
    updates = c.values(dtype, [] if c.chance(0.15) else lead + shape[1:], **how)
    if "Div" in c.name:
        updates = c.values(dtype, lead + shape[1:], low=1, high=4)
    if c.bad("range", "shape"):
        ids, updates = np.array([shape[0]]), c.values(dtype, [1, *shape[1:]], **how)
    return c.values(dtype, shape, **how), ids, updates


def nd_parts(c, dtype, unique):
    shape = c.shape(low=1, high=3, empty=0)
    depth = c.int(1, len(shape))
    cells = int(np.prod(shape[:depth]))
    count = c.int(0, min(cells, 6))
    flat = c.rng.permutation(cells)[:count] if unique else c.rng.integers(0, cells, count)
    ids = np.stack(np.unravel_index(flat, shape[:depth]), -1).reshape(count, depth)
    if c.bad("range") and ids.size:
        ids.flat[0] = 99
    return shape, ids, c.values(dtype, [count, *shape[depth:]], special=False)


@op("ScatterNdAdd ScatterNdSub ScatterNdMin ScatterNdMax ScatterNdUpdate", tol="math")
def scatter_nd(c):
    dtype = c.dtype(skip=("string", "bool"))
    shape, ids, updates = nd_parts(c, dtype, c.name.endswith("Update"))
    ref, init = ref_variable(c, c.values(dtype, shape, special=False), dtype)
    done = c.op(c.name, ref, c.feed(ids, c.choice(I)), c.feed(updates, dtype), deps=[init])
    c.fetch(read_ref(c, ref, done))


@op("ResourceScatterNdAdd ResourceScatterNdSub ResourceScatterNdMin ResourceScatterNdMax "
    "ResourceScatterNdUpdate", tol="math")
def resource_scatter_nd(c):
    dtype = c.dtype("T", skip=("string", "bool"))
    shape, ids, updates = nd_parts(c, dtype, c.name.endswith("Update"))
    handle, init = resource_variable(c, c.values(dtype, shape, special=False), dtype)
    done = c.op(c.name, handle, c.feed(ids, c.choice(I)), c.feed(updates, dtype), deps=[init])
    c.fetch(read(c, handle, dtype, done))


@op("StridedSliceAssign ResourceStridedSliceAssign", tol="exact")
def slice_assign(c):
    dtype = c.dtype("T", skip=("string",))
    shape = c.shape(low=1, high=3, empty=0)
    begin = [c.int(0, d - 1) for d in shape]
    end = [c.int(b + 1, d) for b, d in zip(begin, shape)]
    out = [e - b for b, e in zip(begin, end)]
    value = c.values(dtype, shape)
    index = c.choice(I)
    args = [c.host(np.array(v), index) for v in (begin, end, [1] * len(shape))]
    args.append(c.draw(dtype, out))
    if c.name == "StridedSliceAssign":
        ref, init = ref_variable(c, value, dtype)
        c.fetch(read_ref(c, ref, c.op(c.name, ref, *args, deps=[init])))
    else:
        handle, init = resource_variable(c, value, dtype)
        c.fetch(read(c, handle, dtype, c.op(c.name, handle, *args, deps=[init])))


@op("VarHandleOp ReadVariableOp AssignVariableOp DisableCopyOnRead", tol="exact")
def resource(c):
    dtype = c.dtype("dtype", op="AssignVariableOp")
    value = c.values(dtype, c.any_shape())
    handle, init = resource_variable(c, value, dtype)
    if c.bad("uninitialised", "shape"):
        if c.chance(0.5):
            c.fetch(c.op("ReadVariableOp", handle, dtype=dtype))
            return
        c.fetch(c.op("ReadVariableOp", handle, dtype="int8" if dtype != "int8" else "float",
                     deps=[init]))
        return
    if c.name == "AssignVariableOp":
        first = read(c, handle, dtype, init)
        c.fetch(first)
        init = c.op("AssignVariableOp", handle, c.draw(dtype, value.shape), dtype=dtype,
                    deps=[init, first])
    if c.name == "DisableCopyOnRead":
        init = c.op(c.name, handle, deps=[init])
    c.fetch(read(c, handle, dtype, init))


@op("AssignAddVariableOp AssignSubVariableOp", tol="math")
def resource_add(c):
    dtype = c.dtype("dtype", skip=("string",))
    shape = c.any_shape()
    handle, init = resource_variable(c, c.values(dtype, shape, special=False), dtype)
    before = read(c, handle, dtype, init)
    delta = c.draw(dtype, shape if not c.bad("shape") else [*shape, 2], special=False)
    done = c.op(c.name, handle, delta, deps=[init, before])
    again = c.op(c.name, handle, delta, deps=[done])
    c.fetch(before, read(c, handle, dtype, again if c.chance(0.5) else done))


@op("VarIsInitializedOp", tol="exact")
def var_is_initialized(c):
    handle, init = resource_variable(c, c.values("float", c.shape()), "float")
    c.fetch(c.op(c.name, handle, deps=[init] if c.chance(0.6) else []))


@op("VariableShape", tol="exact")
def variable_shape(c):
    handle, init = resource_variable(c, c.values("float", c.shape()), "float")
    c.fetch(c.op(c.name, handle, out_type=c.choice(I), deps=[init]))


@op("ResourceGather", tol="exact")
def resource_gather(c):
    dtype = c.dtype("dtype")
    shape = c.shape(low=1, high=4, empty=0)
    batch = c.int(0, len(shape) - 1) if c.chance(0.3) else 0
    handle, init = resource_variable(c, c.values(dtype, shape), dtype)
    ids = c.ids(shape[:batch] + c.shape(high=2, sizes=[1, 2, 3]), shape[batch])
    if c.bad("range"):
        ids, batch = np.array([shape[0]]), 0
    more = {"batch_dims": batch} if batch else {}
    c.fetch(c.op(c.name, handle, c.feed(ids, c.choice(I)), dtype=dtype, deps=[init], **more))


@op("ResourceGatherNd", tol="exact")
def resource_gather_nd(c):
    dtype = c.dtype("dtype")
    shape = c.shape(low=1, high=4, empty=0)
    depth = c.int(1, len(shape))
    ids = np.stack([c.rng.integers(0, d, c.int(1, 5)) if i == 0 else None for i, d in
                    enumerate(shape[:1])], -1)
    ids = np.concatenate([ids] + [c.rng.integers(0, d, (len(ids), 1)) for d in shape[1:depth]], 1)
    handle, init = resource_variable(c, c.values(dtype, shape), dtype)
    c.fetch(c.op(c.name, handle, c.feed(ids, c.choice(I)), dtype=dtype, deps=[init]))


@op("DestroyResourceOp", tol="exact")
def destroy(c):
    handle, init = resource_variable(c, c.values("float", c.shape()), "float")
    value = read(c, handle, "float", init)
    gone = c.op(c.name, handle, deps=[value], **c.attrs(ignore_lookup_error=[None, True]))
    c.fetch(value, c.op("VarIsInitializedOp", handle, deps=[gone]))


@op("MutexV2 MutexLock ConsumeMutexLock", tol="exact")
def mutex(c):
    lock = c.op("MutexLock", c.op("MutexV2", shared_name="lock"))
    y = c.op("Neg", c.draw("float", c.shape()), deps=[lock])
    c.targets.append(c.op("ConsumeMutexLock", lock, deps=[y]))
    c.fetch(y)


@op("RefIdentity RefSwitch RefMerge RefSelect", tol="exact")
def reference(c):
    dtype, shape = c.choice(["float", "int32", "double"]), c.shape()
    ref, init = ref_variable(c, c.values(dtype, shape), dtype, True)
    other, second = ref_variable(c, c.values(dtype, shape), dtype, True)
    flag = bool(c.int(0, 1))
    if c.name == "RefIdentity":
        out = c.op("RefIdentity", init)
    elif c.name == "RefSelect":
        out = c.op("RefSelect", c.feed(int(flag), "int32"), [init, second])
    else:
        no, yes = c.op("RefSwitch", init, c.feed(flag, "bool"))
        if c.name == "RefSwitch":
            out = yes if flag else no
        else:
            out = c.op("RefMerge", [no, yes])[0]
    changed = c.op("AssignAdd", out, c.draw(dtype, shape, special=False), deps=[init, second])
    c.fetch(c.op("Identity", changed))
