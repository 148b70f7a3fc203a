// Complex numbers, through the C library.
#include <complex.h>

#define BNK_TIER 0
#include "../math/tier.h"

#include "unary_tables.h"

typedef float _Complex c64;
typedef double _Complex c128;

#define LOOP(name, TX, TY, expression)                            \
  static void name(const void *xv, void *yv, size_t n) {          \
    const TX *x = xv;                                             \
    TY *y = yv;                                                   \
    for (size_t i = 0; i < n; i++) {                              \
      const TX v = x[i];                                          \
      y[i] = (TY)(expression);                                    \
    }                                                             \
  }

static c128 c_sign(c128 v) {
  const double a = cabs(v);
  return a == 0 ? 0 : v / a;
}
static c128 c_expm1(c128 v) {
  // exp(x) cos(y) - 1 without cancellation near zero.
  const double x = creal(v), y = cimag(v), s = sin(0.5 * y);
  const double real = expm1(x) * cos(y) - 2 * s * s;
  return __builtin_complex(real, exp(x) * sin(y));
}
static c128 c_log1p(c128 v) {
  const double x = creal(v), y = cimag(v);
  if (fabs(x) > 0.5 || fabs(y) > 0.5) return clog(1.0 + v);
  return __builtin_complex(0.5 * log1p(x * (2.0 + x) + y * y), atan2(y, 1.0 + x));
}
static c128 c_sqrt(c128 v) { return csqrt(v); }
static c128 c_rsqrt(c128 v) { return 1.0 / csqrt(v); }
static c128 c_sigmoid(c128 v) { return 1.0 / (1.0 + cexp(-v)); }
static c128 c_round(c128 v) { return __builtin_complex(rint(creal(v)), rint(cimag(v))); }

#define LIST(X)                                                                          \
  X(NEG, neg, -v) X(SQUARE, square, v * v) X(RECIPROCAL, reciprocal, 1.0 / v)            \
  X(SIGN, sign, c_sign(v)) X(SQRT, sqrt, c_sqrt(v)) X(RSQRT, rsqrt, c_rsqrt(v))          \
  X(EXP, exp, cexp(v)) X(EXPM1, expm1, c_expm1(v)) X(LOG, log, clog(v))                  \
  X(LOG1P, log1p, c_log1p(v)) X(SIN, sin, csin(v)) X(COS, cos, ccos(v))                  \
  X(TAN, tan, ctan(v)) X(ASIN, asin, casin(v)) X(ACOS, acos, cacos(v))                   \
  X(ATAN, atan, catan(v)) X(SINH, sinh, csinh(v)) X(COSH, cosh, ccosh(v))                \
  X(TANH, tanh, ctanh(v)) X(ASINH, asinh, casinh(v)) X(ACOSH, acosh, cacosh(v))          \
  X(ATANH, atanh, catanh(v)) X(SIGMOID, sigmoid, c_sigmoid(v)) X(ROUND, round, c_round(v)) \
  X(CONJ, conj, conj(v))

#define REAL_LIST(X)                                              \
  X(COMPLEX_ABS, cabs, cabs(v)) X(REAL, real, creal(v))           \
  X(IMAG, imag, cimag(v)) X(ANGLE, angle, carg(v))

#define DEFINE(OP, name, e) LOOP(c64_##name, c64, c64, e) LOOP(c128_##name, c128, c128, e)
#define DEFINE_REAL(OP, name, e) LOOP(c64_##name, c64, float, e) LOOP(c128_##name, c128, double, e)
LIST(DEFINE)
REAL_LIST(DEFINE_REAL)

#define ROW(OP, name, e) \
  [BNK_UNARY_##OP] = {[BNK_COMPLEX64] = c64_##name, [BNK_COMPLEX128] = c128_##name},
bnk_unary_table bnk_unary_table__complex = {LIST(ROW) REAL_LIST(ROW)};
