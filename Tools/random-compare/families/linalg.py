"""Decompositions and solvers. Factors that are only unique up to a sign are judged by products."""
import numpy as np

from oracle.dtypes import numpy_of
from oracle.spec import op

TIGHT = ["float", "double", "complex64", "complex128"]


def matrices(c, dtype, rows, columns, lead=None):
    lead = c.shape(high=2, empty=0, sizes=[1, 2, 3]) if lead is None else lead
    return c.values(dtype, [*lead, rows, columns], special=False, scale=1)


def invertible(c, dtype, n, lead=None):
    x = matrices(c, dtype, n, n, lead)
    return (x + np.eye(n) * c.choice([2, 3, -3])).astype(numpy_of(dtype))


def hermitian(c, dtype, n, positive=False):
    x = matrices(c, dtype, n, n)
    other = np.conj(np.swapaxes(x, -1, -2))
    out = x @ other + np.eye(n) if positive else (x + other) / 2
    return out.astype(numpy_of(dtype))


def batch(c):
    return c.name.startswith("Batch")


@op("Cholesky BatchCholesky", tol="loose")
def cholesky(c):
    dtype, n = c.dtype(only=TIGHT), c.choice([1, 2, 3, 5, 9])
    x = hermitian(c, dtype, n, True)
    if c.bad("square"):
        x = x[..., :1].repeat(n + 1, -1)
    c.run(c.feed(x, dtype))


@op("CholeskyGrad BatchCholeskyGrad", tol="loose")
def cholesky_grad(c):
    dtype, n = c.dtype(only=TIGHT), c.choice([1, 2, 3, 5])
    x = np.linalg.cholesky(hermitian(c, dtype, n, True)).astype(numpy_of(dtype))
    c.run(c.feed(x, dtype), c.draw(dtype, x.shape, special=False, scale=1))


@op("MatrixDeterminant BatchMatrixDeterminant LogMatrixDeterminant MatrixInverse "
    "BatchMatrixInverse", tol="loose")
def of_square(c):
    dtype, n = c.dtype(only=TIGHT), c.choice([1, 2, 3, 4, 7])
    x = invertible(c, dtype, n)
    if c.bad("square", "singular"):
        x = x[..., :-1, :] if n > 1 and c.chance(0.5) else np.zeros_like(x)
        if c.name in ("MatrixDeterminant", "BatchMatrixDeterminant", "LogMatrixDeterminant") and \
                x.shape[-1] == x.shape[-2]:
            x = x[..., :0, :] if n > 1 else x.reshape(-1)
    more = c.attrs(adjoint=[None, True]) if c.name.endswith("Inverse") else {}
    c.run(c.feed(x, dtype), **more)


@op("MatrixSolve BatchMatrixSolve", tol="loose")
def solve(c):
    dtype, n = c.dtype(only=TIGHT), c.choice([1, 2, 3, 5])
    lead = c.shape(high=2, empty=0, sizes=[1, 2, 3])
    x = invertible(c, dtype, n, lead)
    if c.bad("singular", "rows"):
        x = np.zeros_like(x)
    c.run(c.feed(x, dtype), c.feed(matrices(c, dtype, n, c.int(1, 4), lead), dtype),
          **c.attrs(adjoint=[None, True, False]))


@op("MatrixTriangularSolve BatchMatrixTriangularSolve", tol="loose", count=1.5)
def triangular_solve(c):
    dtype, n = c.dtype(only=TIGHT), c.choice([1, 2, 3, 5, 9])
    a, b = c.broadcast(2, high=2, empty=0, limit=6)
    if batch(c):
        b = a
    lower = c.chance(0.5)
    x = invertible(c, dtype, n, a)
    c.run(c.feed(x, dtype), c.feed(matrices(c, dtype, n + (1 if c.bad("rows") else 0), c.int(1, 4),
                                            b), dtype),
          lower=lower, **c.attrs(adjoint=[None, True, False]))


@op("MatrixSolveLs BatchMatrixSolveLs", tol="loose")
def least_squares(c):
    dtype = c.dtype(only=TIGHT)
    m, n = c.int(1, 6), c.int(1, 6)
    lead = c.shape(high=1, empty=0, sizes=[1, 2, 3])
    fast = c.chance(0.6)
    c.run(c.feed(matrices(c, dtype, m, n, lead), dtype),
          c.feed(matrices(c, dtype, m, c.int(1, 3), lead), dtype),
          c.feed(np.float64(c.choice([0.0, 0.5, 2.0]) if m == n else 0.5), "double", const=0.8),
          fast=fast)


@op("SelfAdjointEigV2 BatchSelfAdjointEigV2", tol="loose")
def self_adjoint(c):
    dtype, n = c.dtype(only=TIGHT), c.choice([1, 2, 3, 5])
    x = c.feed(hermitian(c, dtype, n), dtype)
    vectors = c.chance(0.5)
    e, v = c.op(c.name, x, compute_v=vectors)
    c.fetch(e)
    if vectors:
        scaled = c.op("Mul", v, c.op("ExpandDims", e, c.host(-2, const=1)))
        c.fetch(c.op("BatchMatMulV2", scaled, v, adj_y=True))


@op("SelfAdjointEig BatchSelfAdjointEig", tol="loose")
def self_adjoint_v1(c):
    dtype, n = c.dtype(only=["float", "double"]), c.choice([1, 2, 3, 5])
    x = c.feed(hermitian(c, dtype, n), dtype)
    out = c.op(c.name, x)
    c.fetch(c.op("Abs", out))


@op("Eig", tol="loose")
def eig(c):
    dtype, n = c.dtype("T", only=TIGHT), c.choice([1, 2, 3, 4])
    wide = "complex64" if dtype in ("float", "complex64") else "complex128"
    # A triangular matrix with distinct diagonal: its eigenvalues come out in a stable order.
    x = np.triu(matrices(c, dtype, n, n, [])) * 0.2 + np.diag(np.arange(1, n + 1) * 2.0)
    e, v = c.op("Eig", c.feed(x, dtype), Tout=wide, compute_v=True)
    c.fetch(e)
    left = c.op("BatchMatMulV2", c.op("Cast", c.feed(x, dtype), DstT=wide), v)
    c.fetch(c.op("Sub", left, c.op("Mul", v, c.op("ExpandDims", e, c.host(-2, const=1)))))


@op("Svd BatchSvd", tol="loose", count=1.5)
def svd(c):
    dtype = c.dtype(only=TIGHT)
    m, n = c.int(1, 6), c.int(1, 6)
    vectors = c.chance(0.6)
    full = c.chance(0.4)
    s, u, v = c.op(c.name, c.feed(matrices(c, dtype, m, n), dtype), compute_uv=vectors,
                   full_matrices=full)
    c.fetch(s)
    if vectors and not full:
        wide = s if s.dtype == dtype else c.op("Cast", s, DstT=dtype)
        scaled = c.op("Mul", u, c.op("ExpandDims", wide, c.host(-2, const=1)))
        c.fetch(c.op("BatchMatMulV2", scaled, v, adj_y=True))
    elif vectors:
        c.fetch(c.op("BatchMatMulV2", u, u, adj_x=True), c.op("BatchMatMulV2", v, v, adj_x=True))


@op("Qr", tol="loose", count=1.5)
def qr(c):
    dtype = c.dtype(only=TIGHT)
    m, n = c.int(1, 6), c.int(1, 6)
    q, r = c.op("Qr", c.feed(matrices(c, dtype, m, n), dtype), full_matrices=c.chance(0.4))
    c.fetch(c.op("BatchMatMulV2", q, r), c.op("BatchMatMulV2", q, q, adj_x=True))
    absolute = {"float": "Abs", "double": "Abs"}.get(dtype, "ComplexAbs")
    more = {"Tout": "double"} if dtype == "complex128" else {}
    c.fetch(c.op(absolute, r, **more))


@op("Lu", tol="loose")
def lu(c):
    dtype, n = c.dtype("T", only=TIGHT), c.choice([1, 2, 3, 5])
    x = invertible(c, dtype, n)
    if c.bad("square"):
        x = x[..., :1, :].repeat(n + 1, -2)
    c.run(c.feed(x, dtype), output_idx_type=c.choice(["int32", "int64"]))


@op("MatrixLogarithm", tol="loose")
def logarithm(c):
    dtype, n = c.dtype(only=["complex64", "complex128"]), c.choice([1, 2, 3])
    c.run(c.feed(hermitian(c, dtype, n, True), dtype))


@op("MatrixExponential", tol="loose")
def exponential(c):
    dtype, n = c.dtype(only=TIGHT), c.choice([1, 2, 3, 4])
    c.run(c.feed(matrices(c, dtype, n, n) * c.choice([0.1, 1, 3]), dtype))


@op("MatrixSquareRoot", tol="loose")
def square_root(c):
    dtype, n = c.dtype(only=TIGHT), c.choice([1, 2, 3, 4])
    c.run(c.feed(hermitian(c, dtype, n, True), dtype))


@op("TridiagonalSolve", tol="loose")
def tridiagonal_solve(c):
    dtype, n = c.dtype(only=TIGHT), c.int(1, 7)
    lead = c.shape(high=1, empty=0, sizes=[1, 2, 3])
    x = c.values(dtype, [*lead, 3, n], special=False, scale=1)
    x[..., 1, :] += 4
    c.run(c.feed(x, dtype), c.feed(matrices(c, dtype, n, c.int(1, 3), lead), dtype),
          **c.attrs(partial_pivoting=[None, True, False]))


@op("BandedTriangularSolve", tol="loose")
def banded(c):
    dtype, n = c.dtype(only=TIGHT), c.int(2, 7)
    bands = c.int(1, min(3, n))
    x = c.values(dtype, [bands, n], special=False, scale=1)
    lower = c.chance(0.5)
    x[0 if lower else -1] += 4
    c.run(c.feed(x, dtype), c.feed(matrices(c, dtype, n, c.int(1, 3), []), dtype), lower=lower,
          adjoint=c.chance(0.4))


@op("BatchMatrixDiag BatchMatrixDiagPart BatchMatrixBandPart BatchMatrixSetDiag", tol="exact")
def batch_matrix(c):
    dtype, shape = c.dtype("T"), c.shape(low=2, high=4, empty=0, limit=60)
    if c.name == "BatchMatrixDiag":
        c.run(c.draw(dtype, shape))
    elif c.name == "BatchMatrixDiagPart":
        c.run(c.draw(dtype, shape))
    elif c.name == "BatchMatrixBandPart":
        c.run(c.draw(dtype, shape), c.host(c.int(-1, shape[-2]), "int64"),
              c.host(c.int(-1, shape[-1]), "int64"))
    else:
        c.run(c.draw(dtype, shape), c.draw(dtype, [*shape[:-2], min(shape[-2:])]))


@op("TridiagonalMatMul", tol="sum")
def tridiagonal_product(c):
    dtype, n = c.dtype(only=TIGHT), c.int(1, 7)
    lead = c.shape(high=1, empty=0, sizes=[1, 2, 3])
    diagonals = [c.feed(matrices(c, dtype, 1, n, lead), dtype) for _ in range(3)]
    c.run(*diagonals, c.feed(matrices(c, dtype, n, c.int(1, 3), lead), dtype))
