"""Sparse tensors."""
import numpy as np

from oracle.spec import op

from ._sparse import indices, sparse

GENTLE = {"special": False, "scale": 1}


def shape_of(c, low=1, high=3):
    return c.shape(low=low, high=high, empty=0, sizes=[1, 2, 3, 4, 5])


@op("SparseToDense", tol="exact")
def to_dense(c):
    dtype = c.dtype("T")
    index = c.dtype("Tindices")
    shape = shape_of(c)
    cells = indices(c, shape)
    if c.bad("range", "order"):
        cells = np.array([[9] * len(shape)])
    c.run(c.feed(cells, index), c.host(np.array(shape), index), c.draw(dtype, [len(cells)]),
          c.draw(dtype, []), **c.attrs(validate_indices=[None, True]))


@op("SparseTensorDenseAdd", tol="math")
def dense_add(c):
    dtype, shape = c.dtype("T"), shape_of(c)
    index = c.dtype("Tindices")
    cells = indices(c, shape)
    if c.bad("range"):
        cells = np.array([[9] * len(shape)])
    c.run(c.feed(cells, index), c.draw(dtype, [len(cells)], special=False),
          c.feed(np.array(shape), index), c.draw(dtype, shape, special=False))


@op("SparseTensorDenseMatMul", tol="sum", count=1.5)
def dense_matmul(c):
    dtype = c.dtype("T")
    index = c.dtype("Tindices")
    m, k, n = c.int(1, 6), c.int(1, 6), c.choice([1, 3, 40])
    ta, tb = c.chance(0.4), c.chance(0.4)
    shape = [k, m] if ta else [m, k]
    cells = indices(c, shape, ordered=c.chance(0.7))
    inner = k + (1 if c.bad("inner") else 0)
    how = {"low": 0, "high": 5} if dtype == "int32" else GENTLE
    c.run(c.feed(cells, index), c.draw(dtype, [len(cells)], **how),
          c.feed(np.array(shape), "int64"),
          c.draw(dtype, [n, inner] if tb else [inner, n], **how), adjoint_a=ta, adjoint_b=tb)


@op("SparseAdd", tol="math")
def add(c):
    dtype, shape = c.dtype("T"), shape_of(c)
    real = {"complex64": "float", "complex128": "double"}.get(dtype, dtype)
    a, _ = sparse(c, dtype, shape)
    b, _ = sparse(c, dtype, shape if not c.bad("shape") else [*shape, 2])
    c.run(*a, *b, c.feed(np.asarray(c.choice([0, 0, 1])), real), Treal=real)


@op("SparseAddGrad", tol="math")
def add_grad(c):
    dtype, shape = c.dtype("T"), shape_of(c)
    a, b = indices(c, shape), indices(c, shape)
    both = np.array(sorted({tuple(i) for i in [*a.tolist(), *b.tolist()]}), np.int64).reshape(
        -1, len(shape))
    c.run(c.draw(dtype, [len(both)], special=False), c.feed(a, "int64"), c.feed(b, "int64"),
          c.feed(both, "int64"))


@op("SparseConcat", tol="exact")
def concat(c):
    dtype, shape = c.dtype("T"), shape_of(c)
    axis = c.axis(len(shape))
    parts = []
    for _ in range(c.int(2, 3)):
        dims = list(shape)
        dims[axis] = c.int(1, 4)
        parts.append(sparse(c, dtype, dims)[0])
    c.run(*[[p[i] for p in parts] for i in range(3)], concat_dim=axis)


@op("SparseSplit", tol="exact")
def split(c):
    dtype, shape = c.dtype("T"), shape_of(c)
    axis, count = c.int(0, len(shape) - 1), c.int(1, 3)
    shape[axis] = max(shape[axis], count)
    parts, _ = sparse(c, dtype, shape)
    c.run(c.host(axis, "int64"), *parts, num_split=count)


@op("SparseReorder", tol="exact")
def reorder(c):
    dtype = c.dtype("T")
    c.run(*sparse(c, dtype, shape_of(c), ordered=False)[0])


@op("SparseReshape", tol="exact")
def reshape(c):
    shape = shape_of(c)
    total = int(np.prod(shape))
    target = c.choice([[total], [-1], [total, 1], [1, -1, 1], [shape[0], -1]])
    if c.bad("size"):
        target = [total + 1]
    c.run(c.feed(indices(c, shape), "int64"), c.feed(np.array(shape), "int64"),
          c.feed(np.array(target), "int64"))


@op("SparseSlice", tol="exact")
def slice_op(c):
    dtype, shape = c.dtype("T"), shape_of(c)
    parts, _ = sparse(c, dtype, shape)
    start = np.array([c.int(0, d - 1) for d in shape])
    size = np.array([c.int(1, 4) for _ in shape])
    c.run(*parts, c.feed(start, "int64"), c.feed(size, "int64"))


@op("SparseSliceGrad", tol="math")
def slice_grad(c):
    dtype, shape = c.dtype("T"), shape_of(c)
    cells = indices(c, shape)
    start = np.array([c.int(0, d - 1) for d in shape])
    kept = cells[(cells >= start).all(1)] - start
    c.run(c.draw(dtype, [len(kept)], special=False), c.feed(cells, "int64"), c.feed(start, "int64"),
          c.feed(kept, "int64"))


@op("SparseReduceSum SparseReduceMax", tol="math")
def reduce(c):
    dtype, shape = c.dtype("T"), shape_of(c)
    parts, _ = sparse(c, dtype, shape)
    axes = np.array([c.axis(len(shape)) for _ in range(c.int(0, 2))], np.int32)
    axes = np.unique(axes % len(shape)) if len(axes) else axes
    c.run(*parts, c.host(axes), **c.attrs(keep_dims=[None, True]))


@op("SparseReduceSumSparse SparseReduceMaxSparse", tol="math")
def reduce_sparse(c):
    dtype, shape = c.dtype("T"), shape_of(c)
    parts, _ = sparse(c, dtype, shape)
    c.run(*parts, c.host(np.array([c.axis(len(shape))])), **c.attrs(keep_dims=[None, True]))


@op("SparseFillEmptyRows", tol="exact")
def fill_rows(c):
    dtype, shape = c.dtype("T"), shape_of(c, low=2)
    parts, _ = sparse(c, dtype, shape)
    c.run(*parts, c.draw(dtype, []))


@op("SparseFillEmptyRowsGrad", tol="math")
def fill_rows_grad(c):
    dtype, full = c.dtype("T"), c.int(1, 6)
    picked = np.sort(c.rng.permutation(full)[:c.int(0, full)])
    c.run(c.feed(picked, "int64"), c.draw(dtype, [full], special=False))


@op("SparseSoftmax", tol="sum")
def softmax(c):
    dtype, shape = c.dtype("T"), shape_of(c, low=2)
    c.run(*sparse(c, dtype, shape)[0])


@op("SparseSparseMaximum SparseSparseMinimum", tol="exact")
def extrema(c):
    dtype, shape = c.dtype("T"), shape_of(c)
    c.run(*sparse(c, dtype, shape)[0], *sparse(c, dtype, shape)[0])


@op("SparseDenseCwiseAdd SparseDenseCwiseMul SparseDenseCwiseDiv", tol="math")
def cwise(c):
    dtype, shape = c.dtype("T"), shape_of(c)
    dense = shape if c.chance(0.5) else shape[c.int(0, len(shape)):] or [1]
    if c.bad("shape"):
        dense = [2, *shape, 3]
    how = {"low": 1, "high": 5} if c.name.endswith("Div") else {"special": False}
    c.run(*sparse(c, dtype, shape)[0], c.draw(dtype, dense, **how))


@op("SparseBincount", tol="math")
def bincount(c):
    dtype, index = c.dtype("T"), c.dtype("Tidx")
    shape = shape_of(c, high=2)
    cells = indices(c, shape)
    binary = c.chance(0.3)
    weights = [len(cells)] if c.chance(0.5) and not binary else [0]
    c.run(c.feed(cells, "int64"), c.feed(c.rng.integers(0, 6, len(cells)), index),
          c.feed(np.array(shape), "int64"), c.host(6, index), c.draw(dtype, weights, special=False),
          binary_output=binary)


@op("SparseCountSparseOutput DenseCountSparseOutput", tol="math")
def count(c):
    dtype, index = c.dtype("output_type"), c.dtype("T")
    shape = shape_of(c, high=2)
    binary = c.chance(0.3)
    more = {"binary_output": binary, **c.attrs(minlength=[None, 4, 8], maxlength=[None, 5, 10])}
    if c.name.startswith("Dense"):
        weights = shape if c.chance(0.4) and not binary else [0]
        c.run(c.feed(c.rng.integers(0, 6, shape), index), c.draw(dtype, weights, special=False),
              **more)
    else:
        cells = indices(c, shape)
        weights = [len(cells)] if c.chance(0.4) and not binary else [0]
        c.run(c.feed(cells, "int64"), c.feed(c.rng.integers(0, 6, len(cells)), index),
              c.feed(np.array(shape), "int64"), c.draw(dtype, weights, special=False), **more)


@op("SparseCross SparseCrossV2 SparseCrossHashed", tol="exact")
def cross(c):
    rows = c.int(1, 3)
    kinds = [c.choice(["string", "int64"]) for _ in range(c.int(1, 2))]
    parts = [sparse(c, k, [rows, 3], **({} if k == "string" else {"low": 0, "high": 9}))[0]
             for k in kinds]
    dense_kind = c.choice(["string", "int64"])
    dense = [c.draw(dense_kind, [rows, 2], **({} if dense_kind == "string" else
                                              {"low": 0, "high": 9}))]
    args = [*[[p[i] for p in parts] for i in range(3)], dense]
    if c.name == "SparseCross":
        # The old kernel takes each type in its internal form only.
        hashed = c.chance(0.5)
        inner = "int64" if kinds == ["int64"] * len(kinds) and dense_kind == "int64" else "string"
        if inner == "string" and "int64" in [*kinds, dense_kind]:
            args[1] = [c.op("AsString", t) if t.dtype == "int64" else t for t in args[1]]
            args[3] = [c.op("AsString", t) if t.dtype == "int64" else t for t in args[3]]
        c.run(*args, hashed_output=hashed, num_buckets=c.choice([0, 100]) if hashed else 0,
              hash_key=956888297470, out_type="int64" if hashed else "string", internal_type=inner
              if hashed else "string")
    elif c.name == "SparseCrossV2":
        c.run(*args, c.feed(c.choice([b"_X_", b"-"]), "string", const=0.8))
    else:
        c.run(*args, c.host(c.choice([1, 100, 1 << 30]), "int64"), c.feed(c.chance(0.4), "bool"),
              c.feed(np.array([137, 173]), "int64"))


@op("SerializeSparse DeserializeSparse SerializeManySparse DeserializeManySparse", tol="exact")
def serialize(c):
    dtype, shape = c.choice(["float", "int32", "string", "int64"]), shape_of(c, low=2)
    parts, _ = sparse(c, dtype, shape)
    many = "Many" in c.name
    first = "SerializeManySparse" if many else "SerializeSparse"
    variant = c.chance(0.5) and not many
    data = c.op(first, *parts, out_type="variant" if variant else "string")
    if c.name == "DeserializeManySparse":
        c.fetch(c.op("DeserializeManySparse", data, dtype=dtype))
        return
    c.fetch(c.op("DeserializeSparse", data, dtype=dtype))


@op("AddSparseToTensorsMap AddManySparseToTensorsMap TakeManySparseFromTensorsMap", tol="exact")
def tensors_map(c):
    dtype, shape = c.choice(["float", "int32", "string"]), shape_of(c, low=2)
    how = {"shared_name": "map"}
    if c.name.startswith("AddSparse"):
        handles = [c.op("AddSparseToTensorsMap", *sparse(c, dtype, shape)[0], **how)
                   for _ in range(2)]
        handles = c.op("Pack", handles)
    else:
        handles = c.op("AddManySparseToTensorsMap", *sparse(c, dtype, shape)[0], **how)
    c.fetch(c.op("TakeManySparseFromTensorsMap", handles, dtype=dtype, **how))


@op("EditDistance", tol="math")
def edit_distance(c):
    dtype = c.dtype("T", only=["int32", "int64", "string", "uint8"])
    rows = c.int(1, 3)
    lead = [rows] if c.chance(0.7) else [2, rows]

    def sequences(most):
        cells = []
        for at in np.ndindex(*lead):
            cells += [[*at, i] for i in range(c.int(0, most))]
        how = {} if dtype == "string" else {"low": 0, "high": 3}
        cells = np.array(cells, np.int64).reshape(-1, len(lead) + 1)
        return [c.feed(cells, "int64"), c.draw(dtype, [len(cells)], **how),
                c.feed(np.array([*lead, most]), "int64")]
    c.run(*sequences(4), *sequences(4), **c.attrs(normalize=[None, True, False]))
