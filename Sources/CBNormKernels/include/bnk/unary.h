#ifndef BNK_UNARY_H
#define BNK_UNARY_H

#include <stddef.h>

#include "bnk/dtype.h"

/// Element-wise functions of one tensor. Unless said otherwise the output has the input's dtype.
enum bnk_unary_op {
  BNK_UNARY_ABS,
  BNK_UNARY_NEG,
  BNK_UNARY_SIGN,
  BNK_UNARY_SQUARE,
  BNK_UNARY_SQRT,
  BNK_UNARY_RSQRT,
  BNK_UNARY_RECIPROCAL,
  BNK_UNARY_EXP,
  BNK_UNARY_EXPM1,
  BNK_UNARY_LOG,
  BNK_UNARY_LOG1P,
  BNK_UNARY_SIN,
  BNK_UNARY_COS,
  BNK_UNARY_TAN,
  BNK_UNARY_ASIN,
  BNK_UNARY_ACOS,
  BNK_UNARY_ATAN,
  BNK_UNARY_SINH,
  BNK_UNARY_COSH,
  BNK_UNARY_TANH,
  BNK_UNARY_ASINH,
  BNK_UNARY_ACOSH,
  BNK_UNARY_ATANH,
  BNK_UNARY_FLOOR,
  BNK_UNARY_CEIL,
  /// To the nearest integer, half to even. Integers become 0, as TensorFlow's kernel makes them.
  BNK_UNARY_ROUND,
  BNK_UNARY_SIGMOID,
  BNK_UNARY_SOFTPLUS,
  BNK_UNARY_SOFTSIGN,
  BNK_UNARY_ELU,
  BNK_UNARY_SELU,
  BNK_UNARY_RELU,
  BNK_UNARY_RELU6,
  BNK_UNARY_SWISH,
  BNK_UNARY_GELU,
  /// GELU by its approximation with tanh.
  BNK_UNARY_GELU_TANH,
  BNK_UNARY_MISH,
  BNK_UNARY_HARD_SIGMOID,
  BNK_UNARY_HARD_SWISH,
  BNK_UNARY_ERF,
  BNK_UNARY_ERFC,
  BNK_UNARY_ERFINV,
  BNK_UNARY_NDTRI,
  BNK_UNARY_LGAMMA,
  BNK_UNARY_DIGAMMA,
  BNK_UNARY_BESSEL_I0,
  BNK_UNARY_BESSEL_I0E,
  BNK_UNARY_BESSEL_I1,
  BNK_UNARY_BESSEL_I1E,
  BNK_UNARY_BESSEL_J0,
  BNK_UNARY_BESSEL_J1,
  BNK_UNARY_BESSEL_K0,
  BNK_UNARY_BESSEL_K0E,
  BNK_UNARY_BESSEL_K1,
  BNK_UNARY_BESSEL_K1E,
  BNK_UNARY_BESSEL_Y0,
  BNK_UNARY_BESSEL_Y1,
  BNK_UNARY_DAWSN,
  BNK_UNARY_EXPINT,
  BNK_UNARY_FRESNEL_SIN,
  BNK_UNARY_FRESNEL_COS,
  BNK_UNARY_SPENCE,
  /// Output bool.
  BNK_UNARY_IS_NAN,
  BNK_UNARY_IS_INF,
  BNK_UNARY_IS_FINITE,
  BNK_UNARY_LOGICAL_NOT,
  BNK_UNARY_INVERT,
  /// Output uint8.
  BNK_UNARY_POPULATION_COUNT,
  BNK_UNARY_CONJ,
  /// Complex input, output the real type of its parts.
  BNK_UNARY_COMPLEX_ABS,
  BNK_UNARY_REAL,
  BNK_UNARY_IMAG,
  BNK_UNARY_ANGLE,
  BNK_UNARY_COUNT,
};

/// Computes `n` elements. `y` may be `x` when the elements have the same size; otherwise they must
/// not overlap.
typedef void (*bnk_unary_fn)(const void *x, void *y, size_t n);

/// The loop for the running processor, or NULL when the op does not take this dtype. Quantized
/// integer dtypes are those of their storage.
bnk_unary_fn bnk_unary(enum bnk_unary_op op, enum bnk_dtype dtype);

/// Like the function that `bnk_unary` gives, with the work split over the threads of the pool.
void bnk_unary_parallel(bnk_unary_fn fn, enum bnk_unary_op op, size_t x_size, size_t y_size,
                        const void *x, void *y, size_t n);

/// x > 0 ? x : alpha * x; every real dtype that Relu takes.
typedef void (*bnk_leaky_relu_fn)(const void *x, void *y, size_t n, float alpha);
bnk_leaky_relu_fn bnk_leaky_relu(enum bnk_dtype dtype);

#endif
