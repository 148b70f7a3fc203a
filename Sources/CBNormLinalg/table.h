// A template: the functions of one element type.
#include "dispatch.h"

#if IS_COMPLEX
STATIC int NAME(square_root)(const struct bla_call *call, size_t i) {
  const int n = call->n;
  const size_t count = (size_t)n * n;
  if (n == 0) return BLA_OK;
  T *copy = bla_memory(count, sizeof(T));
  if (!copy) return BLA_NO_MEMORY;
  memcpy(copy, NAME(a_of)(call, i, count), count * sizeof(T));
  const int status = NAME(sqrt_matrix)(n, copy, (T *)call->x + i * count);
  free(copy);
  return status;
}
#if IS_DOUBLE
int bla_sqrt_complex(int n, double _Complex *a, double _Complex *x) {
  return NAME(sqrt_matrix)(n, a, x);
}
#endif
#else
/// Through complex numbers; a real matrix whose root is not real has none.
STATIC int NAME(square_root)(const struct bla_call *call, size_t i) {
  const int n = call->n;
  const size_t count = (size_t)n * n;
  if (n == 0) return BLA_OK;
  const T *a = NAME(a_of)(call, i, count);
  T *x = (T *)call->x + i * count;
  double _Complex *wide = bla_memory(2 * count, sizeof *wide);
  if (!wide) return BLA_NO_MEMORY;
  double size = 0, off = 0;
  for (size_t j = 0; j < count; j++) wide[j] = a[j];
  const int status = bla_sqrt_complex(n, wide, wide + count);
  for (size_t j = 0; j < count; j++) {
    x[j] = (T)creal(wide[count + j]);
    size = fmax(size, fabs(creal(wide[count + j])));
    off = fmax(off, fabs(cimag(wide[count + j])));
  }
  if (off > 1e-6 * size) NAME(fill_nan)(count, x);
  free(wide);
  return status;
}
#endif

const bla_function NAME(table)[BLA_OP_COUNT] = {
    [BLA_CHOLESKY] = NAME(cholesky),
    [BLA_CHOLESKY_GRAD] = NAME(cholesky_grad),
    [BLA_LU] = NAME(lu),
    [BLA_INVERSE] = NAME(solve),
    [BLA_SOLVE] = NAME(solve),
    [BLA_DETERMINANT] = NAME(determinant),
    [BLA_LOG_DETERMINANT] = NAME(determinant),
    [BLA_TRIANGULAR_SOLVE] = NAME(triangular_solve),
    [BLA_BANDED_SOLVE] = NAME(banded_solve),
    [BLA_TRIDIAGONAL_SOLVE] = NAME(tridiagonal_solve),
    [BLA_QR] = NAME(qr),
    [BLA_SVD] = NAME(svd),
    [BLA_EIGEN_SELF_ADJOINT] = NAME(eigen_self_adjoint),
    [BLA_EIGEN] = NAME(eigen),
    [BLA_LEAST_SQUARES] = NAME(least_squares),
    [BLA_EXPONENTIAL] = NAME(exponential),
#if IS_COMPLEX
    [BLA_LOGARITHM] = NAME(logarithm),
#endif
    [BLA_SQUARE_ROOT] = NAME(square_root),
};
