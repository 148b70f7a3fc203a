"""Ops on shapes, and ops that only move or repeat elements."""
import numpy as np

from oracle.dtypes import numpy_of
from oracle.spec import op

I = ["int32", "int64"]


@op("Shape Size", tol="exact")
def shape_of(c):
    c.run(c.draw(c.dtype(), c.any_shape()), out_type=c.choice(I))


@op("Rank", tol="exact")
def rank(c):
    c.run(c.draw(c.dtype(), c.any_shape()))


@op("ShapeN", tol="exact")
def shape_n(c):
    dtype = c.dtype()
    c.run([c.draw(dtype, c.shape()) for _ in range(c.int(1, 4))], out_type=c.choice(I))


@op("Reshape", tol="exact")
def reshape(c):
    dtype = c.dtype()
    shape = c.any_shape(empty=0.1)
    total = int(np.prod(shape))
    target = []
    left = total
    for _ in range(c.int(0, 3)):
        d = c.choice([k for k in range(1, 9) if left and left % k == 0] or [1])
        target.append(d)
        left //= d
    target = [*target, left] if left != 1 or c.chance(0.5) else target
    target = [target[i] for i in c.rng.permutation(len(target))]
    if total and target and c.chance(0.5):
        target[c.int(0, len(target) - 1)] = -1
    if c.bad("size", "two"):
        target = [-1, -1] if c.chance(0.3) else [total + 1]
    c.run(c.draw(dtype, shape), c.host(np.array(target, np.int64), c.choice(I)))


@op("ExpandDims", tol="exact")
def expand_dims(c):
    shape = c.any_shape(high=4)
    axis = c.int(-len(shape) - 1, len(shape))
    if c.bad("axis"):
        axis = len(shape) + 3
    c.run(c.draw(c.dtype(), shape), c.host(axis, c.choice(I)))


@op("Squeeze", tol="exact")
def squeeze(c):
    shape = [1 if c.chance(0.4) else d for d in c.shape()]
    ones = [i - len(shape) if c.chance(0.4) else i for i, d in enumerate(shape) if d == 1]
    dims = ones[:c.int(0, len(ones))] if c.chance(0.7) else None
    if c.bad("dim"):
        shape, dims = [2, 1, 3], [0]
    c.run(c.draw(c.dtype(), shape), **({} if dims is None else {"squeeze_dims": dims}))


@op("BroadcastTo", tol="exact")
def broadcast_to(c):
    small, whole = c.broadcast(2, limit=400)
    whole = list(np.broadcast_shapes(tuple(small), tuple(whole)))
    if c.bad("shape"):
        whole = [3, *[d + 1 for d in small], 2]
    c.run(c.draw(c.dtype(), small), c.host(np.array(whole, np.int64), c.choice(I)))


@op("BroadcastArgs BroadcastGradientArgs", tol="exact")
def broadcast_args(c):
    a, b = c.broadcast()
    if c.bad("shape"):
        a, b = [2, 3], [4, 3]
    dtype = c.dtype()
    c.run(c.feed(np.array(a, np.int64), dtype), c.feed(np.array(b, np.int64), dtype))


@op("Fill", tol="exact")
def fill(c):
    dtype = c.dtype("T")
    dims = c.any_shape()
    if c.bad("negative"):
        dims = [2, -1]
    index = c.choice(I)
    c.run(c.host(np.array(dims, np.int64), index), c.draw(dtype, []), index_type=index)


@op("Tile", tol="exact")
def tile(c):
    shape = c.shape(limit=100)
    times = [c.choice([1, 1, 2, 3, 4, 0] if c.chance(0.15) else [1, 1, 2, 3]) for _ in shape]
    if c.bad("length"):
        times = times + [2]
    c.run(c.draw(c.dtype(), shape), c.host(np.array(times, np.int64), c.choice(I)))


@op("Transpose ConjugateTranspose", tol="exact", count=1.5)
def transpose(c):
    shape = c.any_shape()
    if c.chance(0.3):
        shape = c.choice([[33, 17], [2, 33, 17], [64, 64], [3, 8, 40], [5, 3, 2, 20], [1, 9, 9, 4]])
    order = c.rng.permutation(len(shape))
    if c.bad("order", "length"):
        shape, order = [2, 3, 4], np.array(c.choice([[0, 0, 1], [0, 1], [0, 1, 3]]))
    c.run(c.draw(c.dtype(), shape), c.host(order, c.choice(I)))


@op("Reverse", tol="exact")
def reverse(c):
    shape = c.any_shape()
    c.run(c.draw(c.dtype(), shape), c.host(c.rng.random(len(shape)) < 0.5, "bool"))


@op("ReverseV2", tol="exact")
def reverse_v2(c):
    shape = c.any_shape()
    axes = c.rng.permutation(len(shape))[:c.int(0, len(shape))]
    axes = np.array([a - len(shape) if c.chance(0.4) else a for a in axes], np.int64)
    if c.bad("axis"):
        axes = np.array(c.choice([[len(shape)], [0, 0]]))
    c.run(c.draw(c.dtype("T"), shape), c.host(axes, c.choice(I)))


@op("ReverseSequence", tol="exact")
def reverse_sequence(c):
    shape = c.shape(low=2, high=4, empty=0)
    seq, batch = (int(i) for i in c.rng.permutation(len(shape))[:2])
    lengths = c.rng.integers(0, shape[seq] + 1, shape[batch])
    if c.bad("length"):
        lengths[0] = shape[seq] + 1
    c.run(c.draw(c.dtype("T"), shape), c.feed(lengths, c.choice(I)), seq_dim=seq, batch_dim=batch)


@op("Roll", tol="exact")
def roll(c):
    shape = c.any_shape(low=1)
    count = c.int(1, 3)
    axes = np.array([c.axis(len(shape)) for _ in range(count)])
    shift = c.rng.integers(-9, 9, count)
    if c.chance(0.3):
        axes, shift = axes[0], shift[0]
    if c.bad("axis"):
        axes, shift = np.array([len(shape) + 1]), np.array([1])
    c.run(c.draw(c.dtype("T"), shape), c.host(shift, c.choice(I)), c.host(axes, c.choice(I)))


@op("Concat", tol="exact")
def concat(c):
    joined(c, lambda parts, axis: c.run(c.host(axis, "int32"), parts))


@op("ConcatV2", tol="exact")
def concat_v2(c):
    joined(c, lambda parts, axis: c.run(parts, c.host(axis, c.choice(I))))


def joined(c, build):
    dtype = c.dtype("T")
    shape = c.shape(low=1, high=4, limit=200)
    axis = c.int(0, len(shape) - 1)
    parts = []
    for _ in range(c.int(2, 5)):
        part = list(shape)
        part[axis] = c.int(0, 5) if c.chance(0.2) else c.int(1, 9)
        parts.append(part)
    if c.bad("shape"):
        parts[0] = parts[0] + [1]
    parts = [c.draw(dtype, p) for p in parts]
    build(parts, axis - len(shape) if c.chance(0.3) else axis)


@op("ConcatOffset", tol="exact")
def concat_offset(c):
    shape = c.shape(low=1, high=4)
    axis = c.int(0, len(shape) - 1)
    index = c.dtype("shape_type") if c.chance(0.5) else "int32"
    shapes = []
    for _ in range(c.int(2, 4)):
        part = list(shape)
        part[axis] = c.int(0, 9)
        shapes.append(c.feed(np.array(part), index))
    c.run(c.host(axis - len(shape) if c.chance(0.3) else axis), shapes)


@op("ParallelConcat", tol="exact")
def parallel_concat(c):
    shape = [1] + c.shape(high=2, empty=0)
    dtype = c.dtype(only=["float", "double", "int32", "int64"])
    count = c.int(1, 4)
    parts = [c.feed(c.values(dtype, shape), dtype, shape=shape, const=0) for _ in range(count)]
    c.run(parts, shape=[count] + shape[1:])


@op("Pack", tol="exact")
def pack(c):
    dtype = c.dtype()
    shape = c.shape(high=4, limit=200)
    count = c.int(1, 5)
    parts = [c.draw(dtype, shape) for _ in range(count)]
    if c.bad("shape"):
        parts.append(c.draw(dtype, shape + [2]))
    axis = c.int(-len(shape) - 1, len(shape))
    c.run(parts, axis=axis)


@op("Unpack", tol="exact")
def unpack(c):
    shape = c.shape(low=1, high=4, limit=300, empty=0)
    axis = c.axis(len(shape))
    shape[axis] = min(shape[axis], 6)
    x = c.draw(c.dtype(), shape)
    c.run(x, axis=axis, num=shape[axis] + (1 if c.bad("num") else 0))


@op("Split", tol="exact")
def split(c):
    shape = c.shape(low=1, high=4, limit=200)
    axis = c.axis(len(shape))
    count = c.int(1, 5)
    shape[axis] = c.int(1, 4) * count + (1 if c.bad("size") else 0)
    c.run(c.host(axis), c.draw(c.dtype(), shape), num_split=count)


@op("SplitV", tol="exact")
def split_v(c):
    shape = c.shape(low=1, high=4, limit=200)
    axis = c.axis(len(shape))
    sizes = [c.int(0, 5) for _ in range(c.int(1, 5))]
    shape[axis] = sum(sizes)
    if c.chance(0.4):
        sizes[c.int(0, len(sizes) - 1)] = -1
    if c.bad("size"):
        sizes[0] = shape[axis] + 5
    c.run(c.draw(c.dtype("T"), shape), c.host(np.array(sizes), c.choice(I)), c.host(axis),
          num_split=len(sizes))


@op("Pad PadV2", tol="exact")
def pad(c):
    dtype = c.dtype("T", skip=("string",) if c.chance(0.8) else ())
    shape = c.shape(high=5, limit=150)
    pads = c.rng.integers(0, 4, (len(shape), 2))
    if c.bad("negative", "rank"):
        shape, pads = [2, 3], c.choice([np.array([[1, 1]]), np.array([[1, -1], [0, 0]])])
    args = [c.draw(dtype, shape), c.host(pads, c.choice(I))]
    if c.name == "PadV2":
        args.append(c.draw(dtype, []))
    c.run(*args)


@op("MirrorPad", tol="exact")
def mirror_pad(c):
    mode = c.choice(["REFLECT", "SYMMETRIC"])
    shape = c.shape(low=1, high=5, limit=150, empty=0)
    most = [d if mode == "SYMMETRIC" else d - 1 for d in shape]
    pads = np.array([[c.int(0, min(m, 4)), c.int(0, min(m, 4))] for m in most])
    if c.bad("large"):
        pads[0, 0] = shape[0] + 1
    c.run(c.draw(c.dtype("T"), shape), c.host(pads, c.choice(I)), mode=mode)


@op("MirrorPadGrad", tol="sum")
def mirror_pad_grad(c):
    mode = c.choice(["REFLECT", "SYMMETRIC"])
    shape = c.shape(low=1, high=4, limit=100, empty=0)
    most = [d if mode == "SYMMETRIC" else d - 1 for d in shape]
    pads = np.array([[c.int(0, min(m, 4)), c.int(0, min(m, 4))] for m in most])
    whole = [d + int(p.sum()) for d, p in zip(shape, pads)]
    c.run(c.draw(c.dtype("T"), whole, special=False), c.host(pads, c.choice(I)), mode=mode)


@op("SpaceToBatchND BatchToSpaceND", tol="exact")
def space_batch_nd(c):
    inner = c.int(1, 3)
    block = np.array([c.int(1, 3) for _ in range(inner)])
    spatial = [c.int(1, 5) for _ in range(inner)]
    rest = c.shape(high=2, empty=0, sizes=[1, 2, 3])
    edge = np.array([[c.int(0, 2), c.int(0, 2)] for _ in range(inner)])
    batch = c.int(1, 3)
    dtype = c.dtype("T")
    if c.name == "SpaceToBatchND":
        for i in range(inner):
            total = spatial[i] + int(edge[i].sum())
            edge[i, 1] += -total % block[i]
        if c.bad("block"):
            block[0], edge[0, 1] = 2, edge[0, 1] + (1 if block[0] != 1 else 0)
        shape = [batch, *spatial, *rest]
    else:
        for i in range(inner):
            while edge[i].sum() > spatial[i] * block[i]:
                edge[i] = edge[i] // 2
        shape = [batch * int(np.prod(block)) + (1 if c.bad("batch") else 0), *spatial, *rest]
    c.run(c.draw(dtype, shape), c.host(block, c.choice(I)), c.host(edge, c.choice(I)))


@op("SpaceToBatch BatchToSpace", tol="exact")
def space_batch(c):
    block = c.int(2, 3)
    h, w = c.int(1, 3) * block, c.int(1, 3) * block
    depth, batch = c.int(1, 4), c.int(1, 2)
    edge = np.zeros((2, 2), np.int64)
    if c.name == "SpaceToBatch":
        edge = np.array([[c.int(0, 1) * block, 0], [1, block - 1]])
        shape = [batch, h, w, depth]
    else:
        edge = np.array([[c.int(0, 1), 0], [0, c.int(0, 2)]])
        shape = [batch * block * block, h // block, w // block, depth]
    c.run(c.draw(c.dtype("T"), shape), c.host(edge, c.choice(I)), block_size=block)


@op("SpaceToDepth DepthToSpace", tol="exact")
def space_depth(c):
    block = c.int(2, 3)
    h, w, d, n = c.int(1, 4), c.int(1, 4), c.int(1, 4), c.int(1, 3)
    first = c.chance(0.3)
    if c.name == "SpaceToDepth":
        size = [h * block + (1 if c.bad("size") else 0), w * block, d]
    else:
        size = [h, w, d * block * block + (1 if c.bad("depth") else 0)]
    shape = [n, size[2], *size[:2]] if first else [n, *size]
    c.run(c.draw(c.dtype(), shape), block_size=block, data_format="NCHW" if first else "NHWC")


@op("InplaceUpdate InplaceAdd InplaceSub", tol="exact")
def inplace(c):
    dtype = c.dtype(only=["float", "double", "int32", "int64"])
    shape = c.shape(low=1, high=3, empty=0)
    rows = c.rng.permutation(shape[0])[:c.int(1, shape[0])]
    x = c.op("Identity", c.draw(dtype, shape, special=False))
    out = c.op("DeepCopy", x)
    c.run(out, c.feed(rows, "int32"), c.draw(dtype, [len(rows), *shape[1:]], special=False))


@op("Empty", tol="exact")
def empty(c):
    c.run(c.host(np.array(c.shape())), dtype=c.dtype("dtype"), init=True)


def numeric(dtype):
    return numpy_of(dtype).kind in "fiu"
