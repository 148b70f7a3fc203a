#ifndef BNK_EPILOGUE_H
#define BNK_EPILOGUE_H

#include <stdbool.h>
#include <stddef.h>

enum bnk_activation {
  BNK_ACT_NONE = 0,
  BNK_ACT_RELU,
  BNK_ACT_RELU6,
  /// min(max(x, alpha), beta)
  BNK_ACT_CLAMP,
  /// x where x > 0, otherwise alpha * x
  BNK_ACT_LEAKY_RELU,
  /// x where x > 0, otherwise alpha * (exp(x) - 1)
  BNK_ACT_ELU,
  BNK_ACT_SELU,
  BNK_ACT_SIGMOID,
  BNK_ACT_TANH,
  /// x * sigmoid(x), also called SiLU
  BNK_ACT_SWISH,
  /// x * clip(alpha * x + beta, 0, 1)
  BNK_ACT_HARD_SWISH,
  /// clip(alpha * x + beta, 0, 1)
  BNK_ACT_HARD_SIGMOID,
  /// x * (1 + erf(x / sqrt(2))) / 2
  BNK_ACT_GELU,
  /// The approximation of GELU by tanh.
  BNK_ACT_GELU_TANH,
  BNK_ACT_SOFTPLUS,
  BNK_ACT_SOFTSIGN,
  BNK_ACT_MISH,
};

/// What happens to an element of a result before it is stored:
/// `act(n(x) + bias[channel] + residual)`, or `act(n(x) + bias[channel]) + residual`, where `n(x)`
/// is `(x - mean[channel]) * inverse[channel] * gamma[channel]` if there are statistics, else `x`.
/// NaN passes through every activation. All zero means: nothing.
struct bnk_epilogue {
  /// One value an output channel, or NULL.
  const float *bias;
  /// NULL, or the means; `statistics_step` floats after them the inverse deviations, and after these
  /// the gammas. Not for depthwise convolutions.
  const float *statistics;
  size_t statistics_step;
  /// Whether the product with gamma and the sum with the bias, which there is, are rounded once.
  bool statistics_fuse;
  /// A tensor of the result's shape, or NULL. It must not overlap the result, except that it may be
  /// the result (same address, same stride) if it is added before the activation.
  const float *residual;
  /// Floats between consecutive rows (pixels) of `residual`.
  size_t residual_stride;
  bool residual_after_activation;
  enum bnk_activation activation;
  float alpha;
  float beta;
};

/// Applies an activation in place to `rows` rows of `n` floats that are `stride` floats apart, on
/// the calling thread.
void bnk_activate_rows_f32(enum bnk_activation activation, float alpha, float beta, size_t rows,
                           size_t n, float *x, size_t stride);

/// y = act(x) for `count` floats, on all threads; `y` may be `x`.
void bnk_activate_f32(enum bnk_activation activation, float alpha, float beta, size_t count,
                      const float *x, float *y);

#endif
