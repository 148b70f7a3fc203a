"""Reductions, arg-extrema, segments and counting."""
import numpy as np

from oracle.dtypes import COMPLEX, FLOATS, INTS
from oracle.spec import op


def axes(c, rank):
    """Some axes of a tensor, as a vector or a scalar."""
    if c.bad("axis"):
        return np.int32(rank + 1)
    if rank == 0:
        return np.zeros(0, np.int32) if c.chance(0.7) else np.int32(-1)
    if c.chance(0.35):
        return np.int32(c.axis(rank))
    count = rank if c.chance(0.3) else c.int(0, rank)
    picked = c.rng.permutation(rank)[:count]
    return np.array([p - rank if c.chance(0.4) else p for p in picked], np.int32)


@op("Sum Mean EuclideanNorm", tol="sum")
def sums(c):
    reduce(c, c.dtype(), special=False)


@op("Prod", tol="sum")
def prod(c):
    dtype = c.dtype()
    if dtype in FLOATS + COMPLEX:
        reduce(c, dtype, low=0.7, high=1.3)
    else:
        reduce(c, dtype, special=False)


@op("Max Min", tol="exact")
def extrema(c):
    reduce(c, c.dtype())


@op("All Any", tol="exact")
def logical(c):
    shape = c.any_shape()
    x = c.rng.random(shape) < (0.9 if c.name == "All" else 0.1)
    c.run(c.feed(x, "bool"), c.host(axes(c, len(shape)), c.choice(["int32", "int64"])),
          **c.attrs(keep_dims=[None, True, False]))


def reduce(c, dtype, **how):
    shape = c.any_shape()
    x = c.draw(dtype, shape, **how)
    c.run(x, c.host(axes(c, len(shape)), c.choice(["int32", "int64"])),
          **c.attrs(keep_dims=[None, True, False]))


@op("ArgMax ArgMin", tol="exact")
def arg_extrema(c):
    dtype = c.dtype()
    shape = c.any_shape(low=1, empty=0.03)
    axis = c.axis(len(shape)) if not c.bad("axis") else len(shape)
    x = c.values(dtype, shape)
    if c.chance(0.4) and dtype in FLOATS + INTS:
        x = c.values(dtype, shape, low=0, high=3)
        x = np.round(x) if dtype in FLOATS else x
    out = c.choice(["int32", "int64"] + (["int16", "uint16"] if c.name == "ArgMax" else []))
    c.run(c.feed(x, dtype), c.host(axis, c.choice(["int32", "int64"])), output_type=out)


@op("SegmentSum SegmentMean SegmentProd SegmentMax SegmentMin", tol="sum")
def segment(c):
    dtype = c.dtype()
    shape = c.shape(low=1, high=4)
    ids = np.sort(c.rng.integers(0, max(1, shape[0]), shape[0]))
    if c.bad("unsorted", "length"):
        shape[0] = max(shape[0], 3)
        ids = np.arange(shape[0])[::-1] if c.chance(0.5) else np.arange(shape[0] + 1)
    how = {"low": 0.5, "high": 1.5} if c.name == "SegmentProd" and dtype in FLOATS else \
        {"special": False}
    c.run(c.draw(dtype, shape, **how), c.feed(ids, c.dtype("Tindices")))


@op("UnsortedSegmentSum UnsortedSegmentProd UnsortedSegmentMax UnsortedSegmentMin", tol="sum")
def unsorted_segment(c):
    dtype = c.dtype()
    shape = c.shape(low=1, high=4)
    rank = c.int(1, len(shape))
    count = c.int(1, 6) if c.chance(0.9) else 0
    ids = c.ids(shape[:rank], count, "int64", negative=0.15)
    if count == 0:
        ids = -np.ones(shape[:rank], np.int64)
    if c.bad("range") and ids.size:
        ids.flat[0] = count + 2
    how = {"low": 0.5, "high": 1.5} if c.name == "UnsortedSegmentProd" and dtype in FLOATS else \
        {"special": False}
    c.run(c.draw(dtype, shape, **how), c.feed(ids, c.dtype("Tindices")),
          c.host(count, c.choice(["int32", "int64"])))


@op("SparseSegmentSum SparseSegmentMean SparseSegmentSqrtN SparseSegmentSumWithNumSegments "
    "SparseSegmentMeanWithNumSegments SparseSegmentSqrtNWithNumSegments", tol="sum")
def sparse_segment(c):
    dtype = c.dtype()
    shape = c.shape(low=1, high=3, empty=0)
    count = c.int(0, 9)
    indices = c.rng.integers(0, shape[0], count)
    segments = np.sort(c.rng.integers(0, 6, count))
    if c.bad("range", "unsorted"):
        indices = np.array([shape[0] + 1, 0])
        segments = np.array([0, 1])
    tidx, tseg = c.choice(["int32", "int64"]), c.choice(["int32", "int64"])
    args = [c.draw(dtype, shape, special=False), c.feed(indices, tidx), c.feed(segments, tseg)]
    if c.name.endswith("NumSegments"):
        args.append(c.host(6 + c.int(0, 2)))
    c.run(*args)


@op("Bincount", tol="sum")
def bincount(c):
    dtype = c.dtype()
    x = c.rng.integers(0, 12, c.shape(high=2))
    if c.bad("negative"):
        x = np.array([-1, 2])
    weights = c.values(dtype, x.shape if c.chance(0.6) else [0], special=False)
    c.run(c.feed(x, "int32"), c.host(c.choice([0, 5, 12, 20])), c.feed(weights, dtype))


@op("DenseBincount", tol="sum")
def dense_bincount(c):
    dtype = c.dtype()
    tidx = c.dtype("Tidx")
    x = c.rng.integers(0, 12, c.shape(low=1, high=2))
    binary = c.chance(0.3)
    if c.bad("negative"):
        x = np.array([-1, 2])
    weights = c.values(dtype, x.shape if c.chance(0.5) and not binary else [0], special=False)
    c.run(c.feed(x, tidx), c.host(c.choice([5, 12, 20]), tidx), c.feed(weights, dtype),
          binary_output=binary)


@op("HistogramFixedWidth", tol="exact")
def histogram(c):
    dtype = c.dtype()
    low, high = (-4, 6) if not c.bad("range") else (5, 5)
    c.run(c.draw(dtype, c.shape(high=2), low=-9, high=9), c.feed([low, high], dtype),
          c.host(c.choice([1, 5, 10])), dtype=c.choice(["int32", "int64"]))
