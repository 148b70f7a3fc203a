// Transcendental functions of double, through the C library.
#define BNK_TIER 0
#include "../math/tier.h"

#include "unary_tables.h"

#define SELU_SCALE 1.0507009873554804934193349852946
#define SELU_SCALE_ALPHA 1.7580993408473768599402175208123

static double sigmoid(double x) {
  const double e = exp(-fabs(x));
  return x != x ? x : (x < 0 ? e : 1.0) / (1.0 + e);
}
static double softplus(double x) { return x != x ? x : fmax(x, 0.0) + log1p(exp(-fabs(x))); }
static double elu(double x) { return x < 0 ? expm1(x) : x; }
static double selu(double x) { return x < 0 ? SELU_SCALE_ALPHA * expm1(x) : SELU_SCALE * x; }
static double swish(double x) { return x * sigmoid(x); }
static double gelu(double x) { return 0.5 * x * (1.0 + erf(x * 0.70710678118654752440)); }
static double gelu_tanh(double x) {
  return 0.5 * x * (1.0 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
}
static double mish(double x) { return x * tanh(softplus(x)); }
static double hard_sigmoid(double x) {
  const double y = x + 3.0;
  return (y <= 0 ? 0.0 : y >= 6 ? 6.0 : y) / 6.0;
}
static double hard_swish(double x) { return x * hard_sigmoid(x); }

/// TensorFlow's kernel gives NaN for infinities.
static double erf_or_nan(double x) { return isinf(x) ? NAN : erf(x); }

#define LIST(X)                                                                           \
  X(EXP, exp) X(EXPM1, expm1) X(LOG, log) X(LOG1P, log1p) X(SIN, sin) X(COS, cos)         \
  X(TAN, tan) X(ASIN, asin) X(ACOS, acos) X(ATAN, atan) X(SINH, sinh) X(COSH, cosh)       \
  X(TANH, tanh) X(ASINH, asinh) X(ACOSH, acosh) X(ATANH, atanh) X(ERF, erf_or_nan) X(ERFC, erfc) \
  X(SIGMOID, sigmoid) X(SOFTPLUS, softplus) X(ELU, elu) X(SELU, selu) X(SWISH, swish)     \
  X(GELU, gelu) X(GELU_TANH, gelu_tanh) X(MISH, mish) X(HARD_SIGMOID, hard_sigmoid)       \
  X(HARD_SWISH, hard_swish)

#define LOOP(OP, fn)                                              \
  static void loop_##fn(const void *xv, void *yv, size_t n) {     \
    const double *x = xv;                                         \
    double *y = yv;                                               \
    for (size_t i = 0; i < n; i++) y[i] = fn(x[i]);               \
  }
LIST(LOOP)

#define ENTRY(OP, fn) [BNK_UNARY_##OP][BNK_DOUBLE] = loop_##fn,
bnk_unary_table bnk_unary_table__double = {LIST(ENTRY)};
