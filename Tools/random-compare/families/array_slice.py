"""Slices, made-up tensors, and sources."""
import numpy as np

from oracle.dtypes import FLOATS, PLAIN, numpy_of
from oracle.spec import op

I = ["int32", "int64"]


@op("Slice", tol="exact")
def slice_op(c):
    shape = c.any_shape()
    begin = [c.int(0, d) for d in shape]
    size = [-1 if c.chance(0.3) else c.int(0, d - b) for b, d in zip(begin, shape)]
    if c.bad("begin", "size"):
        shape, begin, size = [4, 3], [1, 0], [9, 1]
        if c.chance(0.5):
            begin, size = [-1, 0], [1, 1]
    index = c.choice(I)
    c.run(c.draw(c.dtype("T"), shape), c.host(np.array(begin, np.int64), index),
          c.host(np.array(size, np.int64), index))


def strided(c, shape):
    """begin, end, strides and masks for a slice of a tensor of this shape."""
    rank = len(shape)
    begin, end, step, masks = [], [], [], dict.fromkeys(
        ["begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"], 0)
    ellipsis = c.int(0, rank) if c.chance(0.3) else None
    axis = 0
    while axis < rank:
        bit = 1 << len(begin)
        if ellipsis == axis and not masks["ellipsis_mask"]:
            masks["ellipsis_mask"] = bit
            begin.append(c.int(-2, 2)), end.append(c.int(-2, 2)), step.append(1)
            axis += c.int(0, rank - axis)
            rest = rank - axis
            for _ in range(rest):
                pass
            continue
        if c.chance(0.12):
            masks["new_axis_mask"] |= bit
            begin.append(c.int(0, 3)), end.append(c.int(0, 3)), step.append(1)
            continue
        d = shape[axis]
        axis += 1
        if c.chance(0.2) and d:
            masks["shrink_axis_mask"] |= bit
            at = c.int(-d, d - 1)
            begin.append(at), end.append(at + 1), step.append(1)
            continue
        begin.append(c.int(-d - 2, d + 2))
        end.append(c.int(-d - 2, d + 2))
        step.append(c.choice([1, 1, 1, 2, 3, -1, -2]))
        masks["begin_mask"] |= bit if c.chance(0.3) else 0
        masks["end_mask"] |= bit if c.chance(0.3) else 0
        if ellipsis is None and c.chance(0.1):
            break
    return begin, end, step, {k: v for k, v in masks.items() if v}


@op("StridedSlice", tol="exact", count=4)
def strided_slice(c):
    shape = c.any_shape(low=1)
    begin, end, step, masks = strided(c, shape)
    if c.bad("zero", "shrink", "many"):
        shape, begin, end, step = [3], [5], [6], [1]
        masks = {"shrink_axis_mask": 1}
        if c.chance(0.4):
            step, masks = [0], {}
    index = c.choice(["int32", "int32", "int64", "int16"])
    parts = [c.host(np.array(v, np.int64), index, const=0.8) for v in (begin, end, step)]
    c.run(c.draw(c.dtype("T"), shape), *parts, **masks)


@op("StridedSliceGrad TensorStridedSliceUpdate", tol="exact", count=2)
def strided_slice_grad(c):
    shape = c.any_shape(low=1)
    begin, end, step, masks = strided(c, shape)
    out = slice_shape(shape, begin, end, step, masks)
    index = c.choice(I)
    dtype = c.dtype("T")
    parts = [c.host(np.array(v, np.int64), index) for v in (begin, end, step)]
    value = c.draw(dtype, out)
    first = c.host(np.array(shape, np.int64), index) if c.name == "StridedSliceGrad" else \
        c.draw(dtype, shape)
    c.run(first, *parts, value, **masks)


def slice_shape(shape, begin, end, step, masks):
    """The shape that numpy gives for the same slice."""
    key = []
    for i, (b, e, s) in enumerate(zip(begin, end, step)):
        bit = 1 << i
        if masks.get("ellipsis_mask", 0) & bit:
            key.append(Ellipsis)
        elif masks.get("new_axis_mask", 0) & bit:
            key.append(None)
        elif masks.get("shrink_axis_mask", 0) & bit:
            key.append(b)
        else:
            key.append(slice(None if masks.get("begin_mask", 0) & bit else b,
                             None if masks.get("end_mask", 0) & bit else e, s))
    return np.zeros(shape)[tuple(key)].shape


@op("Range", tol="math")
def make_range(c):
    dtype = c.dtype("Tidx")
    step = c.choice([1, 2, 3]) if dtype.startswith("uint") or c.chance(0.7) else c.choice([-1, -3])
    start, limit = c.int(0, 5), c.int(6, 25)
    if step < 0:
        start, limit = limit, start
    if dtype in FLOATS:
        step, start = step * 0.5, start + 0.25
    if c.bad("sign", "zero"):
        step = 0 if c.chance(0.5) or dtype.startswith("uint") else -step
    c.run(c.host(start, dtype), c.host(limit, dtype), c.host(step, dtype))


@op("LinSpace")
def lin_space(c):
    dtype = c.dtype("T")
    c.run(c.draw(dtype, [], special=False), c.draw(dtype, [], special=False),
          c.host(c.choice([1, 2, 5, 17, 100]) if not c.bad("num") else 0, c.choice(I)))


@op("OneHot", tol="exact")
def one_hot(c):
    dtype = c.dtype("T")
    shape = c.shape(high=3)
    depth = c.int(1, 9)
    index = c.dtype("TI")
    ids = c.rng.integers(0 if index == "uint8" else -1, depth + 2, shape)
    axis = c.choice([-1, *range(len(shape) + 1)]) if not c.bad("axis") else len(shape) + 2
    c.run(c.feed(ids, index), c.host(depth), c.draw(dtype, []), c.draw(dtype, []), axis=axis)


@op("InvertPermutation", tol="exact")
def invert_permutation(c):
    order = c.rng.permutation(c.int(0, 20))
    if c.bad("twice", "rank"):
        order = np.array([0, 2, 2]) if c.chance(0.6) else np.array([[0, 1]])
    c.run(c.feed(order, c.choice(I)))


@op("IdentityN", tol="exact")
def identity_n(c):
    c.run([c.draw(c.choice(PLAIN[:-1]), c.shape()) for _ in range(c.int(1, 4))])


@op("Const", tol="exact", count=3)
def const(c):
    dtype = PLAIN[c.index % len(PLAIN)]
    shape = c.any_shape()
    value = c.values("float" if dtype == "bfloat16" else dtype, shape,
                     **({"special": False} if dtype == "bfloat16" else {}))
    c.fetch(c.graph.const(np.asarray(value, numpy_of(dtype)), dtype))


@op("EnsureShape", tol="exact")
def ensure_shape(c):
    shape = c.any_shape()
    known = [None if c.chance(0.4) else d for d in shape]
    if c.bad("shape"):
        known = [*[d for d in shape], 3]
    x = c.feed(c.values(c.dtype(), shape), c.dtype(), shape=None)
    c.run(x, shape=known)


@op("Placeholder PlaceholderV2", tol="exact", count=2)
def placeholder(c):
    dtype = PLAIN[c.index % len(PLAIN)]
    dtype = "float" if dtype == "bfloat16" else dtype
    shape = c.any_shape()
    known = [None if c.chance(0.4) else d for d in shape]
    if c.bad("shape"):
        known = [d + 1 for d in shape] + [None]
    x = c.op(c.name, dtype=dtype, shape=known)
    c.feeds[x.name] = np.asarray(c.values(dtype, shape), numpy_of(dtype))
    c.fetch(c.op("Identity", x))


@op("PlaceholderWithDefault", tol="exact")
def with_default(c):
    dtype = c.dtype("dtype")
    shape = c.any_shape()
    value = c.values(dtype, shape)
    out = c.op(c.name, c.feed(value, dtype, const=1), shape=[None if c.chance(0.4) else d
                                                          for d in shape])
    if c.chance(0.5) and dtype != "bfloat16":
        c.feeds[out.name] = np.asarray(c.values(dtype, shape), numpy_of(dtype))
    c.fetch(c.op("Identity", out))


@op("NoOp", tol="exact")
def no_op(c):
    x = c.draw("float", c.shape())
    y = c.op("Neg", x)
    first = c.op("NoOp", deps=[y])
    c.fetch(c.op("Identity", y, deps=[first]))
    c.targets.append(c.op("NoOp", deps=[first]))


@op("GuaranteeConst DebugGradientIdentity CopyHost Copy", tol="exact")
def passed_on(c):
    c.run(c.draw(c.dtype(), c.any_shape()))
