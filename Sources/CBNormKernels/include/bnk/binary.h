#ifndef BNK_BINARY_H
#define BNK_BINARY_H

#include <stddef.h>
#include <stdint.h>

#include "bnk/dtype.h"

/// Element-wise functions of two tensors. Unless said otherwise both inputs and the output have one
/// dtype. Integers wrap.
enum bnk_binary_op {
  BNK_BINARY_ADD,
  BNK_BINARY_SUB,
  BNK_BINARY_MUL,
  /// a / b; integers truncate.
  BNK_BINARY_DIV,
  BNK_BINARY_FLOOR_DIV,
  BNK_BINARY_FLOOR_MOD,
  BNK_BINARY_TRUNCATE_DIV,
  BNK_BINARY_TRUNCATE_MOD,
  BNK_BINARY_DIV_NO_NAN,
  BNK_BINARY_MUL_NO_NAN,
  BNK_BINARY_XDIVY,
  BNK_BINARY_XLOGY,
  BNK_BINARY_XLOG1PY,
  BNK_BINARY_POW,
  BNK_BINARY_MAXIMUM,
  BNK_BINARY_MINIMUM,
  BNK_BINARY_SQUARED_DIFFERENCE,
  BNK_BINARY_ATAN2,
  BNK_BINARY_NEXT_AFTER,
  BNK_BINARY_BITWISE_AND,
  BNK_BINARY_BITWISE_OR,
  BNK_BINARY_BITWISE_XOR,
  /// Amounts are clamped to 0 ... width - 1.
  BNK_BINARY_LEFT_SHIFT,
  BNK_BINARY_RIGHT_SHIFT,
  BNK_BINARY_IGAMMA,
  BNK_BINARY_IGAMMAC,
  BNK_BINARY_IGAMMA_GRAD_A,
  BNK_BINARY_RANDOM_GAMMA_GRAD,
  BNK_BINARY_ZETA,
  BNK_BINARY_POLYGAMMA,
  /// Comparisons have bool outputs.
  BNK_BINARY_EQUAL,
  BNK_BINARY_NOT_EQUAL,
  BNK_BINARY_LESS,
  BNK_BINARY_LESS_EQUAL,
  BNK_BINARY_GREATER,
  BNK_BINARY_GREATER_EQUAL,
  BNK_BINARY_LOGICAL_AND,
  BNK_BINARY_LOGICAL_OR,
  /// Float or double parts; complex output.
  BNK_BINARY_COMPLEX,
  /// Gradients of (y, dy).
  BNK_BINARY_SIGMOID_GRAD,
  BNK_BINARY_TANH_GRAD,
  BNK_BINARY_SQRT_GRAD,
  BNK_BINARY_RSQRT_GRAD,
  BNK_BINARY_RECIPROCAL_GRAD,
  /// Gradients of (dy, x), for ELU and SELU of (dy, y).
  BNK_BINARY_RELU_GRAD,
  BNK_BINARY_RELU6_GRAD,
  BNK_BINARY_ELU_GRAD,
  BNK_BINARY_SELU_GRAD,
  BNK_BINARY_SOFTPLUS_GRAD,
  BNK_BINARY_SOFTSIGN_GRAD,
  BNK_BINARY_COUNT,
};

/// What a kernel found; or-ed into `*error`.
#define BNK_ERROR_DIVISION_BY_ZERO 1
#define BNK_ERROR_NEGATIVE_POWER 2

/// Computes y[i] = f(a[i * a_step], b[i * b_step]) for n elements; a step is 0 or 1. `y` may be an
/// input with step 1 whose elements have the same size; otherwise they must not overlap. `error` is
/// set, and never cleared, by integer divisions and powers only.
typedef void (*bnk_binary_fn)(const void *a, size_t a_step, const void *b, size_t b_step, void *y,
                              size_t n, int *error);

/// The loop for the running processor, or NULL when the op does not take this dtype. Quantized
/// integer dtypes are those of their storage.
bnk_binary_fn bnk_binary(enum bnk_binary_op op, enum bnk_dtype dtype);

/// x > 0 ? dy : alpha * dy.
typedef void (*bnk_leaky_relu_grad_fn)(const void *dy, const void *x, void *dx, size_t n,
                                       float alpha);
bnk_leaky_relu_grad_fn bnk_leaky_relu_grad(enum bnk_dtype dtype);

/// |a - b| < tolerance, of float or double, as bool.
void bnk_approximate_equal(enum bnk_dtype dtype, const void *a, const void *b, uint8_t *y,
                           size_t n, float tolerance);

#endif
