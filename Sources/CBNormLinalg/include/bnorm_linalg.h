#ifndef BNORM_LINALG_H
#define BNORM_LINALG_H

#include <stddef.h>
#include <stdint.h>

// Dense linear algebra on batches of row-major matrices: own factorisations where the pivots matter,
// LAPACK (in OpenBLAS, single-threaded) for the rest. The matrices of a batch run in parallel.

enum bla_op {
  /// x = lower factor of a [n,n]; NaN where a is not positive definite.
  BLA_CHOLESKY,
  /// x = gradient of a Cholesky factor a [n,n] with gradient b.
  BLA_CHOLESKY_GRAD,
  /// x = packed factors of a [n,n], y = int32 permutation.
  BLA_LU,
  /// x = inverse of a [n,n], or of its adjoint.
  BLA_INVERSE,
  /// x = solution of a [n,n] x = b [n,k], or of its adjoint.
  BLA_SOLVE,
  /// x = determinant of a [n,n].
  BLA_DETERMINANT,
  /// x = sign, y = logarithm of the magnitude of the determinant of a [n,n].
  BLA_LOG_DETERMINANT,
  /// x = solution of a [n,n] x = b [n,k], of which one triangle is read, or of its adjoint.
  BLA_TRIANGULAR_SOLVE,
  /// The same for bands a [m,n].
  BLA_BANDED_SOLVE,
  /// x = solution for three diagonals a [3,n] and b [n,k].
  BLA_TRIDIAGONAL_SOLVE,
  /// x = q [m,p], y = r [p,n] of a [m,n]; p is m if `full`, else the smaller side.
  BLA_QR,
  /// x = singular values (real), y = u, z = v of a [m,n].
  BLA_SVD,
  /// x = eigenvalues in rising order (real), y = vectors of a self-adjoint a [n,n].
  BLA_EIGEN_SELF_ADJOINT,
  /// x = eigenvalues, y = vectors (both complex) of a [n,n].
  BLA_EIGEN,
  /// x = least-squares solution of a [m,n] x = b [m,k].
  BLA_LEAST_SQUARES,
  BLA_EXPONENTIAL,
  BLA_LOGARITHM,
  BLA_SQUARE_ROOT,
  BLA_OP_COUNT,
};

enum bla_status {
  BLA_OK,
  BLA_SINGULAR,
  BLA_NOT_CONVERGED,
  BLA_RANK_DEFICIENT,
  BLA_NO_MEMORY,
};

enum bla_type { BLA_FLOAT, BLA_DOUBLE, BLA_COMPLEX64, BLA_COMPLEX128, BLA_TYPE_COUNT };

struct bla_call {
  enum bla_op op;
  enum bla_type type;
  size_t batch;
  /// Rows and columns of a, columns of b.
  int m, n, k;
  int lower, adjoint, full, vectors, fast, pivots, perturb;
  double regularizer;
  const void *a, *b;
  void *x, *y, *z;
  /// Which matrix of a and b is number i of the batch; NULL: number i.
  const int64_t *a_index, *b_index;
};

/// Runs `call`; the status of the first matrix (in order) that failed, whose number goes to `failed`.
enum bla_status bla_run(const struct bla_call *call, size_t *failed);

/// Whether one call is worth several threads is up to the batch; OpenBLAS itself uses one.
void bla_prepare(void);

#endif
