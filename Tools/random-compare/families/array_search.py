"""Sorting, searching, unique values and diagonals."""
import numpy as np

from oracle.dtypes import FLOATS, INTS, numpy_of
from oracle.spec import op

I = ["int32", "int64"]


def few_values(c, dtype, shape):
    """Values with many repetitions."""
    if dtype in ("string", "bool"):
        return c.values(dtype, shape)
    x = c.rng.integers(0, 6, tuple(shape))
    return (x if dtype.startswith("u") else x - 2).astype(numpy_of(dtype))


@op("TopK", tol="exact")
def top_k(c):
    dtype, shape = c.dtype("T"), c.any_shape(low=1)
    k = c.int(0, shape[-1]) if not c.bad("k") else shape[-1] + 1
    c.run(top_values(c, dtype, shape), k=k, **c.attrs(sorted=[None, True]))


def top_values(c, dtype, shape):
    return c.feed(few_values(c, dtype, shape) if c.chance(0.4) else
                  c.values(dtype, shape, special=False), dtype)


@op("TopKV2", tol="exact")
def top_k_v2(c):
    dtype, shape = c.dtype("T"), c.any_shape(low=1)
    k = c.int(0, shape[-1]) if not c.bad("k") else shape[-1] + 1
    index = c.choice(["int16", "int32", "int64"])
    c.run(top_values(c, dtype, shape), c.host(k, c.choice(["int16", "int32", "int64"])),
          index_type=index, **c.attrs(sorted=[None, True]))


@op("NthElement", tol="exact")
def nth_element(c):
    dtype, shape = c.dtype("T"), c.any_shape(low=1, empty=0)
    n = c.int(0, shape[-1] - 1) if not c.bad("n") else shape[-1]
    c.run(c.draw(dtype, shape, special=False), c.host(n), **c.attrs(reverse=[None, True, False]))


@op("Unique UniqueWithCounts", tol="exact")
def unique(c):
    dtype = c.dtype("T")
    x = few_values(c, dtype, [c.int(0, 40)])
    if c.bad("rank"):
        x = few_values(c, dtype, [2, 3])
    c.run(c.feed(x, dtype), out_idx=c.choice(I))


@op("UniqueV2 UniqueWithCountsV2", tol="exact")
def unique_v2(c):
    dtype = c.dtype("T")
    if c.chance(0.4):
        x, axis = few_values(c, dtype, [c.int(0, 30)]), np.zeros(0, np.int32)
    else:
        shape = c.shape(low=1, high=3, sizes=[1, 2, 3, 5], empty=0)
        axis = np.array([c.axis(len(shape))])
        x = few_values(c, dtype, shape)
        if dtype not in ("string", "bool"):
            x = (x > 0).astype(x.dtype)
    c.run(c.feed(x, dtype), c.host(axis, c.choice(I)), out_idx=c.choice(I))


@op("ListDiff", tol="exact")
def list_diff(c):
    dtype = c.dtype("T")
    c.run(c.feed(few_values(c, dtype, [c.int(0, 20)]), dtype),
          c.feed(few_values(c, dtype, [c.int(0, 4)]), dtype), out_idx=c.choice(I))


@op("LowerBound UpperBound", tol="exact")
def bounds(c):
    dtype = c.dtype("T")
    rows, wide, many = c.int(1, 4), c.int(0, 12), c.int(0, 9)
    if dtype in FLOATS + INTS:
        row = np.sort(c.values(dtype, [rows, wide], low=0, high=9), axis=1)
        find = c.values(dtype, [rows, many], low=0, high=9)
        if wide and many and c.chance(0.5):
            find[:, 0] = row[:, 0]
    else:
        row, find = np.sort(few_values(c, dtype, [rows, wide]), axis=1), few_values(
            c, dtype, [rows, many])
    if c.bad("rows"):
        find = np.concatenate([find, find])
    c.run(c.feed(row, dtype), c.feed(find, dtype), out_type=c.choice(I))


@op("InTopK InTopKV2", tol="exact")
def in_top_k(c):
    rows, wide = c.int(1, 9), c.int(1, 12)
    dtype = c.dtype("T")
    targets = c.rng.integers(0, wide + (2 if c.chance(0.2) else 0), rows)
    x = c.draw("float", [rows, wide])
    k = c.int(1, wide)
    if c.name == "InTopK":
        c.run(x, c.feed(targets, dtype), k=k)
    else:
        c.run(x, c.feed(targets, dtype), c.host(k, dtype))


@op("UnravelIndex", tol="exact")
def unravel(c):
    dims = c.shape(low=1, high=4, empty=0)
    total = int(np.prod(dims))
    index = c.choice(I)
    at = c.rng.integers(0, total, [c.int(0, 9)] if c.chance(0.8) else [])
    if c.bad("range"):
        at = np.array([total + 3])
    c.run(c.feed(at, index), c.host(np.array(dims), index))


@op("Diag", tol="exact")
def diag(c):
    c.run(c.draw(c.dtype(), c.shape(low=1, high=2, sizes=[1, 2, 3, 5])))


@op("DiagPart", tol="exact")
def diag_part(c):
    half = c.shape(low=1, high=2, sizes=[1, 2, 3, 5])
    c.run(c.draw(c.dtype(), half + half if not c.bad("shape") else [2, 3]))


@op("MatrixDiag", tol="exact")
def matrix_diag(c):
    c.run(c.draw(c.dtype("T"), c.shape(low=1, high=4, limit=60)))


@op("MatrixDiagPart", tol="exact")
def matrix_diag_part(c):
    c.run(c.draw(c.dtype("T"), c.shape(low=2, high=4)))


@op("MatrixSetDiag", tol="exact")
def matrix_set_diag(c):
    dtype, shape = c.dtype("T"), c.shape(low=2, high=4, empty=0)
    diagonal = shape[:-2] + [min(shape[-2:]) + (1 if c.bad("length") else 0)]
    c.run(c.draw(dtype, shape), c.draw(dtype, diagonal))


@op("MatrixBandPart", tol="exact")
def matrix_band_part(c):
    shape = c.shape(low=2, high=4)
    index = c.choice(I)
    c.run(c.draw(c.dtype("T"), shape), c.host(c.int(-1, shape[-2]), index),
          c.host(c.int(-1, shape[-1]), index))


ALIGN = ["LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT"]


def band(c, rows, columns):
    """k as a scalar or a pair, and the packed diagonals' shape."""
    low = c.int(-rows + 1, columns - 1)
    high = low if c.chance(0.4) else c.int(low, columns - 1)
    longest = min(rows + min(high, 0), columns - max(low, 0))
    tail = [longest] if low == high else [high - low + 1, longest]
    k = np.int32(low) if low == high and c.chance(0.6) else np.array([low, high])
    return k, tail


@op("MatrixDiagPartV2 MatrixDiagPartV3", tol="exact", count=2)
def matrix_diag_part_v3(c):
    dtype, shape = c.dtype("T"), c.shape(low=2, high=4, empty=0)
    k, _ = band(c, *shape[-2:])
    if c.bad("k"):
        k = np.int32(shape[-1] + 2)
    more = {"align": c.choice(ALIGN)} if c.name.endswith("3") else {}
    c.run(c.draw(dtype, shape), c.host(k), c.draw(dtype, []), **more)


@op("MatrixDiagV2 MatrixDiagV3", tol="exact", count=2)
def matrix_diag_v3(c):
    dtype, rows, columns = c.dtype("T"), c.int(1, 6), c.int(1, 6)
    k, tail = band(c, rows, columns)
    shape = c.shape(high=2, empty=0, sizes=[1, 2, 3]) + tail
    sizes = (rows, columns) if c.chance(0.7) else (-1, -1)
    more = {"align": c.choice(ALIGN)} if c.name.endswith("3") else {}
    c.run(c.draw(dtype, shape), c.host(k), c.host(sizes[0]), c.host(sizes[1]), c.draw(dtype, []),
          **more)


@op("MatrixSetDiagV2 MatrixSetDiagV3", tol="exact", count=2)
def matrix_set_diag_v3(c):
    dtype, shape = c.dtype("T"), c.shape(low=2, high=4, empty=0)
    k, tail = band(c, *shape[-2:])
    more = {"align": c.choice(ALIGN)} if c.name.endswith("3") else {}
    c.run(c.draw(dtype, shape), c.draw(dtype, shape[:-2] + tail), c.host(k), **more)


@op("Fingerprint", tol="exact")
def fingerprint(c):
    dtype = c.dtype("T", only=["float", "double", "int32", "int64", "uint8", "string", "half"])
    c.run(c.draw(dtype, c.shape(low=1, high=3, empty=0)), c.host(b"farmhash64", "string", const=1))
