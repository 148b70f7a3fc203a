// Binary functions of complex numbers, through the C library.
#include <complex.h>

#define BNK_TIER 0
#include "../math/tier.h"

#include "binary_tables.h"

#define ID(x) (x)

typedef float _Complex c64;
typedef double _Complex c128;

static c128 power(c128 u, c128 v) {
  if (v == 0) return 1;
  if (u == 0) return 0;
  return cpow(u, v);
}
/// Without the recovery of infinities that C's operator does.
static c128 divide(c128 u, c128 v) {
  const double scale = fmax(fabs(creal(v)), fabs(cimag(v)));
  const double c = creal(v) / scale, d = cimag(v) / scale, size = (c * c + d * d) * scale;
  return __builtin_complex((creal(u) * c + cimag(u) * d) / size,
                           (cimag(u) * c - creal(u) * d) / size);
}
static c128 squared_difference(c128 d) { return d * conj(d); }

#define LIST(X)                                                                          \
  X(ADD, add, u + v) X(SUB, sub, u - v) X(MUL, mul, u * v) X(DIV, div, divide(u, v))            \
  X(POW, pow, power(u, v)) X(DIV_NO_NAN, div_no_nan, v == 0 ? 0 : divide(u, v))                 \
  X(MUL_NO_NAN, mul_no_nan, v == 0 ? 0 : u * v) X(XDIVY, xdivy, u == 0 ? 0 : divide(u, v))      \
  X(XLOGY, xlogy, u == 0 ? 0 : u * clog(v))                                              \
  X(XLOG1PY, xlog1py, u == 0 ? 0 : u * clog(1.0 + v))                                    \
  X(SQUARED_DIFFERENCE, squared_difference, squared_difference(u - v))                   \
  X(SIGMOID_GRAD, sigmoid_grad, v * u * (1.0 - u))                                       \
  X(TANH_GRAD, tanh_grad, v * (1.0 - u * u))                                             \
  X(SQRT_GRAD, sqrt_grad, v * 0.5 / conj(u))                                             \
  X(RSQRT_GRAD, rsqrt_grad, v * -0.5 * conj(u) * conj(u) * conj(u))                      \
  X(RECIPROCAL_GRAD, reciprocal_grad, -v * conj(u) * conj(u))

#define DEFINE(OP, name, e)                                                              \
  BINARY_LOOPS(c64_##name, c64, c128, c64, ID, , y[i] = (c64)(e))                        \
  BINARY_LOOPS(c128_##name, c128, c128, c128, ID, , y[i] = (e))
LIST(DEFINE)

BINARY_LOOPS(c64_equal, c64, c64, uint8_t, ID, , y[i] = u == v)
BINARY_LOOPS(c64_not_equal, c64, c64, uint8_t, ID, , y[i] = u != v)
BINARY_LOOPS(c128_equal, c128, c128, uint8_t, ID, , y[i] = u == v)
BINARY_LOOPS(c128_not_equal, c128, c128, uint8_t, ID, , y[i] = u != v)
BINARY_LOOPS(f32_complex, float, float, c64, ID, , y[i] = __builtin_complex(u, v))
BINARY_LOOPS(f64_complex, double, double, c128, ID, , y[i] = __builtin_complex(u, v))

#define ROW(OP, name, e) \
  [BNK_BINARY_##OP] = {[BNK_COMPLEX64] = c64_##name, [BNK_COMPLEX128] = c128_##name},
bnk_binary_table bnk_binary_table__complex = {
    LIST(ROW)
    [BNK_BINARY_EQUAL] = {[BNK_COMPLEX64] = c64_equal, [BNK_COMPLEX128] = c128_equal},
    [BNK_BINARY_NOT_EQUAL] = {[BNK_COMPLEX64] = c64_not_equal,
                              [BNK_COMPLEX128] = c128_not_equal},
    [BNK_BINARY_COMPLEX] = {[BNK_FLOAT] = f32_complex, [BNK_DOUBLE] = f64_complex},
};
