#ifndef BNK_QUANTIZATION_H
#define BNK_QUANTIZATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A tensor seen as [outer, depth, inner]; parameters are given for each of `depth` channels.
struct bnk_channels {
  size_t outer, depth, inner;
};

/// y = (x + pre) * scale + post.
struct bnk_affine {
  float pre, scale, post;
};

/// Ways to make a float whole.
enum bnk_rounding {
  BNK_ROUND_EVEN,   ///< Ties to even.
  BNK_ROUND_AWAY,   ///< Ties away from zero.
  BNK_ROUND_UP,     ///< Ties towards positive infinity.
  BNK_ROUND_NOT,    ///< Left to the conversion, which cuts the fraction off.
};

/// y = clamp(round((clamp(x, low, high) - pre) * scale + mid) + post, lower, upper).
struct bnk_quantizer {
  float low, high, pre, scale, mid, post, lower, upper;
};

/// Real values of quantized ones; `dtype` is one of the quantized dtypes.
void bnk_dequantize(int dtype, const void *x, float *y, struct bnk_channels channels,
                    const struct bnk_affine *affine);

/// Quantized values; NaN becomes what the processor makes of it, as for TensorFlow. With `wide`,
/// values pass through 64 bits, so that what does not fit into 32 wraps around.
void bnk_quantize(int dtype, const float *x, void *y, struct bnk_channels channels,
                  const struct bnk_quantizer *quantizer, enum bnk_rounding rounding, bool wide);

/// Quantized values of one dtype as those of another, by way of real ones.
void bnk_requantize(int from, const void *x, int to, void *y, size_t count,
                    struct bnk_affine affine, struct bnk_quantizer quantizer);

/// y = clamp(((x * multiplier >> 32) + offset) >> 16, 0, 255).
void bnk_requantize_fixed(const int32_t *x, uint8_t *y, size_t count, int64_t multiplier,
                          int64_t offset);

/// The steps that values are rounded to: y = round(clamp(x, low, high) * scale) * inverse.
struct bnk_steps_f32 {
  float low, high, scale, inverse;
};
struct bnk_steps_f64 {
  double low, high, scale, inverse;
};
void bnk_round_to_steps_f32(const float *x, float *y, struct bnk_channels channels,
                            const struct bnk_steps_f32 *steps, enum bnk_rounding rounding);
void bnk_round_to_steps_f64(const double *x, double *y, struct bnk_channels channels,
                            const struct bnk_steps_f64 *steps, enum bnk_rounding rounding);

/// The least and the largest element of each channel, NaN aside; infinities when there is none.
void bnk_channel_range_f32(const float *x, struct bnk_channels channels, float *low, float *high);
void bnk_channel_range_f64(const double *x, struct bnk_channels channels, double *low,
                           double *high);

/// A scale as a whole number and a shift: y = clamp(((x - zero) * multiplier + half >> shift) +
/// offset, low, high).
struct bnk_fixed_scale {
  int32_t multiplier, shift, zero, offset, low, high;
};
void bnk_rescale(int from, const void *x, int to, void *y, struct bnk_channels channels,
                 const struct bnk_fixed_scale *scales);

/// y = x - zero of each channel, as int32.
void bnk_widen(int dtype, const void *x, int32_t *y, struct bnk_channels channels,
               const int32_t *zeros);

/// c[m, n] = a[m, k] b[k, n], modulo 2^32.
void bnk_product_i32(const int32_t *a, const int32_t *b, int32_t *c, size_t m, size_t n, size_t k);

/// A convolution of [batch, height, width, depth] by [rows, columns, depth, count]; what lies
/// outside of the image is `border`. Modulo 2^32.
struct bnk_conv_i32 {
  size_t batch, height, width, depth, rows, columns, count, row_stride, column_stride,
      row_dilation, column_dilation, out_height, out_width;
  ptrdiff_t top, left;
  int32_t border;
};
void bnk_convolve_i32(const struct bnk_conv_i32 *conv, const int32_t *x, const int32_t *filter,
                      int32_t *y);

/// y[i] = sum over j of x[starts[i] + taps[j]] * w[j], modulo 2^32.
void bnk_gathered_dot_i32(const int32_t *x, const int64_t *starts, size_t count,
                          const int64_t *taps, const int32_t *w, size_t length, int32_t *y);

/// Pooling of bytes in [batch, height, width, depth].
struct bnk_byte_pool {
  size_t batch, height, width, depth, rows, columns, row_stride, column_stride, out_height,
      out_width;
  ptrdiff_t top, left;
  bool is_signed, is_average;
};
void bnk_pool_bytes(const struct bnk_byte_pool *pool, const void *x, void *y);

#endif
