"""CSR matrices, which travel as variants."""
import numpy as np

from oracle.spec import op

from ._sparse import indices

GENTLE = {"special": False, "scale": 1}


def matrix(c, dtype, m, n, lead=()):
    cells = indices(c, [*lead, m, n])
    return c.op("SparseTensorToCSRSparseMatrix", c.feed(cells, "int64"),
                c.draw(dtype, [len(cells)], **GENTLE), c.feed(np.array([*lead, m, n]), "int64"))


def lead_of(c):
    return [c.int(1, 3)] if c.chance(0.3) else []


@op("SparseTensorToCSRSparseMatrix CSRSparseMatrixToDense", tol="exact")
def dense(c):
    dtype = c.dtype("T", op="SparseTensorToCSRSparseMatrix")
    x = matrix(c, dtype, c.int(1, 5), c.int(1, 5), lead_of(c))
    c.fetch(c.op("CSRSparseMatrixToDense", x, type=dtype))


@op("CSRSparseMatrixToSparseTensor CSRSparseMatrixComponents SparseMatrixNNZ", tol="exact")
def parts(c):
    dtype = c.choice(["float", "double", "complex64"])
    x = matrix(c, dtype, c.int(1, 5), c.int(1, 5))
    if c.name == "SparseMatrixNNZ":
        c.fetch(c.op(c.name, x))
    elif c.name == "CSRSparseMatrixComponents":
        c.fetch(c.op(c.name, x, c.host(0), type=dtype))
    else:
        c.fetch(c.op(c.name, x, type=dtype))


@op("DenseToCSRSparseMatrix", tol="exact")
def from_dense(c):
    dtype = c.dtype("T")
    shape = [c.int(1, 5), c.int(1, 5)]
    x = c.op(c.name, c.draw(dtype, shape, **GENTLE), c.feed(indices(c, shape), "int64"))
    c.fetch(c.op("CSRSparseMatrixToDense", x, type=dtype))


@op("SparseMatrixMatMul", tol="sum")
def matmul(c):
    dtype = c.dtype("T")
    m, k, n = c.int(1, 5), c.int(1, 5), c.int(1, 5)
    ta, tb = c.chance(0.3), c.chance(0.3)
    lead = lead_of(c)
    x = matrix(c, dtype, *((k, m) if ta else (m, k)), lead)
    c.run(x, c.draw(dtype, [*lead, *([n, k] if tb else [k, n])], **GENTLE), transpose_a=ta,
          transpose_b=tb, **c.attrs(transpose_output=[None, True], conjugate_output=[None, True]))


@op("SparseMatrixSparseMatMul SparseMatrixTranspose", tol="sum")
def products(c):
    dtype = c.dtype("type")
    m, k, n = c.int(1, 5), c.int(1, 5), c.int(1, 5)
    if c.name == "SparseMatrixTranspose":
        out = c.op(c.name, matrix(c, dtype, m, n), type=dtype, conjugate=c.chance(0.4))
    else:
        ta, tb = c.chance(0.3), c.chance(0.3)
        out = c.op(c.name, matrix(c, dtype, *((k, m) if ta else (m, k))),
                   matrix(c, dtype, *((n, k) if tb else (k, n))), type=dtype, transpose_a=ta,
                   transpose_b=tb)
    c.fetch(c.op("CSRSparseMatrixToDense", out, type=dtype))


@op("SparseMatrixOrderingAMD SparseMatrixSparseCholesky", tol="loose")
def cholesky(c):
    dtype, n = c.choice(["float", "double"]), c.int(1, 5)
    low = np.tril(c.rng.normal(0, 1, (n, n)) * (c.rng.random((n, n)) < 0.5)) + np.eye(n) * 2
    full = low @ low.T
    cells = np.argwhere(full != 0)
    x = c.op("DenseToCSRSparseMatrix", c.feed(full, dtype), c.feed(cells, "int64"))
    if c.name == "SparseMatrixOrderingAMD":
        order = c.op(c.name, x)
        c.fetch(c.op("InvertPermutation", c.op("InvertPermutation", order))) if n < 2 else \
            c.fetch(c.op("TopKV2", order, c.host(n))[0])
        return
    out = c.op(c.name, x, c.feed(np.arange(n), "int32"), type=dtype)
    c.fetch(c.op("CSRSparseMatrixToDense", out, type=dtype))
