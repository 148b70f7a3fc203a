"""Ragged tensors."""
import numpy as np

from oracle.spec import op

from ._sparse import indices, splits

I = ["int32", "int64"]


@op("RaggedGather", tol="exact")
def gather(c):
    rank = c.int(1, 2)
    index = c.choice(I)
    outer = splits(c, c.int(1, 4))
    nested = [outer] + ([splits(c, int(outer[-1]))] if rank == 2 else [])
    rows = len(outer) - 1
    dtype = c.dtype("Tvalues")
    ids = c.rng.integers(0, rows, c.shape(high=2, empty=0, sizes=[1, 2, 3]))
    if c.bad("range"):
        ids = np.array([rows])
    values = c.draw(dtype, [int(nested[-1][-1]), *c.shape(high=1)])
    c.run([c.feed(s, index) for s in nested], values,
          c.feed(ids, c.choice(I)), OUTPUT_RAGGED_RANK=rank + ids.ndim - 1)


@op("RaggedRange", tol="math")
def ragged_range(c):
    dtype, n = c.dtype("T"), c.int(1, 4)
    def some(low, high):
        shape = [] if c.chance(0.3) else [n]
        return c.feed(c.rng.integers(low, high, shape), dtype)
    step = c.choice([1, 2, -1]) if not c.bad("zero") else 0
    c.run(some(0, 5), some(3, 12), c.feed(np.full([n], step), dtype), Tsplits=c.choice(I))


@op("RaggedTensorToSparse", tol="exact")
def to_sparse(c):
    rank, index = c.int(1, 2), c.choice(I)
    outer = splits(c, c.int(1, 4))
    nested = [outer] + ([splits(c, int(outer[-1]))] if rank == 2 else [])
    if c.bad("splits"):
        nested[0] = nested[0] + 1
    c.run([c.feed(s, index) for s in nested], c.draw(c.dtype("T", only=["float", "int32", "string",
                                                                       "int64"]),
                                                     [int(nested[-1][-1]), *c.shape(high=1)]))


@op("RaggedTensorToTensor", tol="exact", count=1.5)
def to_tensor(c):
    dtype = c.dtype("T")
    index, shape_type = c.choice(I), c.choice(I)
    rows = c.int(1, 4)
    form = c.choice(["splits", "ids", "two", "mixed"])
    outer = splits(c, rows)
    inner = c.shape(high=1, empty=0, sizes=[1, 2])
    if form == "splits":
        parts, kinds, total, rank = [outer], ["ROW_SPLITS"], int(outer[-1]), 1
    elif form == "ids":
        ids = np.repeat(np.arange(rows), np.diff(outer))
        parts, kinds, total, rank = [np.int64(rows), ids], ["FIRST_DIM_SIZE", "VALUE_ROWIDS"], \
            len(ids), 1
    else:
        second = splits(c, int(outer[-1]))
        parts, kinds, total, rank = [outer, second], ["ROW_SPLITS", "ROW_SPLITS"], int(
            second[-1]), 2
        if form == "mixed":
            parts = [np.int64(rows), np.repeat(np.arange(rows), np.diff(outer)),
                     np.repeat(np.arange(len(second) - 1), np.diff(second))]
            kinds = ["FIRST_DIM_SIZE", "VALUE_ROWIDS", "VALUE_ROWIDS"]
            if c.chance(0.5):
                parts[2], kinds[2] = second, "ROW_SPLITS"
    shape = [-1] * (1 + rank) + inner
    if c.chance(0.5):
        shape = [c.choice([-1, rows]), *[c.choice([-1, 2, 5]) for _ in range(rank)], *inner]
    shown = np.array(shape, np.int64) if c.chance(0.85) else np.int64(-1)
    default = c.choice([[], inner, [1] * len(inner)])
    c.run(c.host(shown, shape_type), c.draw(dtype, [total, *inner]), c.draw(dtype, default),
          [c.feed(p, index) for p in parts], row_partition_types=kinds)


@op("RaggedTensorToVariant RaggedTensorFromVariant", tol="exact")
def variant(c):
    dtype, index = c.dtype("Tvalues", skip=("bfloat16",)), c.choice(I)
    rank = c.int(1, 2)
    outer = splits(c, c.int(1, 4))
    nested = [outer] + ([splits(c, int(outer[-1]))] if rank == 2 else [])
    batched = c.chance(0.6)
    data = c.op("RaggedTensorToVariant", [c.feed(s, index) for s in nested],
                c.draw(dtype, [int(nested[-1][-1]), 2]), batched_input=batched)
    out = c.op("RaggedTensorFromVariant", data, input_ragged_rank=rank - 1 if batched else rank,
               output_ragged_rank=rank, Tvalues=dtype, Tsplits=index)
    c.fetch(out)


@op("RaggedTensorToVariantGradient", tol="math")
def variant_gradient(c):
    s = splits(c, c.int(1, 4))
    grad = c.op("RaggedTensorToVariant", [c.feed(s, "int64")], c.draw(
        "float", [int(s[-1]), 2], special=False), batched_input=True)
    c.run(grad, c.feed(s, "int64"), c.feed(np.array([int(s[-1]), 2]), "int32"), Tvalues="float")


@op("RaggedBincount", tol="math")
def bincount(c):
    dtype, index = c.dtype("T"), c.dtype("Tidx")
    s = splits(c, c.int(1, 4))
    n, binary = int(s[-1]), c.chance(0.3)
    c.run(c.feed(s, "int64"), c.feed(c.rng.integers(0, 6, n), index), c.host(6, index),
          c.draw(dtype, [n] if c.chance(0.4) and not binary else [0], special=False),
          binary_output=binary)


@op("RaggedCountSparseOutput", tol="math")
def count(c):
    dtype, index = c.dtype("output_type"), c.dtype("T")
    s = splits(c, c.int(1, 4))
    n, binary = int(s[-1]), c.chance(0.3)
    c.run(c.feed(s, "int64"), c.feed(c.rng.integers(0, 6, n), index),
          c.draw(dtype, [n] if c.chance(0.4) and not binary else [0], special=False),
          binary_output=binary, **c.attrs(minlength=[None, 4, 8], maxlength=[None, 5, 10]))


@op("RaggedCross", tol="exact", count=1.5)
def cross(c):
    rows, hashed = c.int(1, 3), c.chance(0.5)
    def values(kind, shape):
        return c.draw(kind, shape, **({} if kind == "string" else {"low": 0, "high": 9}))
    order = "".join(c.choice("RRSD") for _ in range(c.int(1, 3)))
    ragged, parts, cells, points, shapes, dense = [], [], [], [], [], []
    index = c.choice(I)
    for kind in order:
        dtype = c.choice(["string", "int64"])
        if kind == "R":
            s = splits(c, rows)
            ragged.append(values(dtype, [int(s[-1])]))
            parts.append(c.feed(s, index))
        elif kind == "S":
            place = indices(c, [rows, 4])
            cells.append(c.feed(place, "int64"))
            points.append(values(dtype, [len(place)]))
            shapes.append(c.feed(np.array([rows, 4]), "int64"))
        else:
            dense.append(values(dtype, [rows, c.int(1, 2)]))
    c.run(ragged, parts, cells, points, shapes, dense, input_order=order, hashed_output=hashed,
          num_buckets=c.choice([0, 50]) if hashed else 0, hash_key=956888297470,
          out_values_type="int64" if hashed else "string", out_row_splits_type=index)


@op("RaggedFillEmptyRows", tol="exact")
def fill_rows(c):
    dtype, rows = c.dtype("T"), c.int(1, 5)
    ids = np.sort(c.rng.integers(0, rows, c.int(0, 6)))
    c.run(c.feed(ids, "int64"), c.draw(dtype, [len(ids)]), c.host(rows, "int64"), c.draw(dtype, []))


@op("RaggedFillEmptyRowsGrad", tol="math")
def fill_rows_grad(c):
    dtype, full = c.dtype("T"), c.int(1, 6)
    c.run(c.feed(np.sort(c.rng.permutation(full)[:c.int(0, full)]), "int64"),
          c.draw(dtype, [full], special=False))
