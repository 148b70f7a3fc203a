// Names and types of one element type. A source file sets P (the LAPACK prefix), T (the element), R
// (its real type), IS_COMPLEX and IS_DOUBLE, then includes the templates.
#include <complex.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>

#include "bnorm_linalg.h"

#pragma STDC FP_CONTRACT OFF

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define PASTE3_(a, b, c) a##b##c
#define PASTE3(a, b, c) PASTE3_(a, b, c)
/// bla_<type>_<name>
#define NAME(name) PASTE(PASTE3(bla_, P, _), name)
/// The Fortran routine <prefix><name>_
#define LAPACK(name) PASTE3(P, name, _)
#define CBLAS(name) PASTE3(cblas_, P, name)

#if IS_DOUBLE
#define FN(name) name
#define EPSILON DBL_EPSILON
#else
#define FN(name) PASTE(name, f)
#define EPSILON FLT_EPSILON
#endif

#if IS_COMPLEX
#define CONJ(x) FN(conj)(x)
#define REAL(x) FN(creal)(x)
#define IMAG(x) FN(cimag)(x)
#define ABS(x) FN(cabs)(x)
#define SCALAR(x) (&(x))
#else
#define CONJ(x) (x)
#define REAL(x) (x)
#define IMAG(x) ((R)0)
#define ABS(x) FN(fabs)(x)
#define SCALAR(x) (x)
#endif

#define STATIC static __attribute__((unused))

/// C = alpha op(A) op(B) + beta C, all row-major.
STATIC void NAME(gemm)(
    CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, T alpha, const T *a, int lda,
    const T *b, int ldb, T beta, T *c, int ldc) {
  if (m == 0 || n == 0) return;
  CBLAS(gemm)(CblasRowMajor, ta, tb, m, n, k, SCALAR(alpha), a, lda, b, ldb, SCALAR(beta), c, ldc);
}

/// B = inverse of op(A) B for a triangular A [m,m].
STATIC void NAME(trsm)(
    CBLAS_UPLO uplo, CBLAS_TRANSPOSE ta, CBLAS_DIAG diag, int m, int n, const T *a, int lda, T *b,
    int ldb) {
  const T one = 1;
  if (m == 0 || n == 0) return;
  CBLAS(trsm)(CblasRowMajor, CblasLeft, uplo, ta, diag, m, n, SCALAR(one), a, lda, b, ldb);
}

/// out [n,m] = transpose of in [m,n].
STATIC void NAME(transpose)(int m, int n, const T *in, int ld_in, T *out, int ld_out) {
  for (int i = 0; i < m; i++) {
    for (int j = 0; j < n; j++) out[(size_t)j * ld_out + i] = in[(size_t)i * ld_in + j];
  }
}

/// The input matrices of number i of a batch.
STATIC const T *NAME(a_of)(const struct bla_call *call, size_t i, size_t size) {
  return (const T *)call->a + (call->a_index ? (size_t)call->a_index[i] : i) * size;
}
STATIC const T *NAME(b_of)(const struct bla_call *call, size_t i, size_t size) {
  return (const T *)call->b + (call->b_index ? (size_t)call->b_index[i] : i) * size;
}

/// Memory for `count` elements (at least one), to be freed.
STATIC void *bla_memory(size_t count, size_t size) { return malloc((count ? count : 1) * size); }
