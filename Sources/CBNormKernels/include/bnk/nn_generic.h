#ifndef BNK_NN_GENERIC_H
#define BNK_NN_GENERIC_H

#include <stddef.h>
#include <stdint.h>

#include "bnk/dtype.h"
#include "bnk/epilogue.h"

/// Kernels of neural networks for every dtype and geometry, channels last, for what has no fast
/// kernel of its own. Functions that take `begin` and `end` work on part of the result on the
/// calling thread; the others use the thread pool. No result depends on the number of threads.

/// A window that slides over up to three spatial dimensions (depth, height, width). Fewer
/// dimensions: the first ones have size, kernel, stride and dilation 1.
struct bnk_nn_window {
  ptrdiff_t batch, channels;
  ptrdiff_t in[3], out[3], kernel[3], stride[3], dilation[3];
  /// Padding before the first element.
  ptrdiff_t pad[3];
};

// Conversions and layouts.

void bnk_nn_half_to_float(const void *source, float *target, size_t count);
void bnk_nn_float_to_half(const float *source, void *target, size_t count);
void bnk_nn_bfloat16_to_float(const void *source, float *target, size_t count);
void bnk_nn_float_to_bfloat16(const float *source, void *target, size_t count);

/// Transposes `batch` matrices of `rows` x `columns` elements of `size` bytes (1, 2, 4, 8 or 16).
void bnk_nn_transpose(const void *source, void *target, size_t batch, size_t rows, size_t columns,
                      size_t size);

// Convolution as products of gathered rows.

/// Rows of a convolution: row (n, z, y, x) of the grid holds, tap after tap, the `bytes` bytes of
/// the pixel at (z, y, x) * step + offset of the tap, or zeros outside of the source.
struct bnk_nn_gather {
  const void *source;
  ptrdiff_t in[3], grid[3], step[3], taps[3];
  const int32_t *offsets[3];
  /// Distance of pixels; first byte and number of bytes that are taken of a pixel.
  ptrdiff_t pixel_bytes, first_byte, bytes;
};

/// Writes rows `begin` to `end` (over all images) one after the other.
void bnk_nn_gather_rows(const struct bnk_nn_gather *gather, size_t begin, size_t end, void *rows);

/// Writes consecutive `rows` to the pixels (z, y, x) * step + first of images of size `out`: row
/// (n, z, y, x) of the grid, `begin` to `end`. Pixels are `pixel_bytes` apart.
struct bnk_nn_scatter {
  void *target;
  ptrdiff_t out[3], grid[3], step[3], first[3];
  ptrdiff_t pixel_bytes, first_byte, bytes;
};
void bnk_nn_scatter_rows(const struct bnk_nn_scatter *scatter, size_t begin, size_t end,
                         const void *rows);

/// target[t][o][i] = filter[taps[t]][i][first + o] for `count` taps, `inputs` x `outputs` elements
/// of `size` bytes (4 or 8) each; a tap of the filter has `stride` outputs.
void bnk_nn_flip_filter(const void *filter, const int32_t *taps, size_t count, size_t inputs,
                        size_t first, size_t outputs, size_t stride, size_t size, void *target);

/// target[i] = the sum of `parts` arrays of `count` elements that follow each other.
void bnk_nn_sum_parts_f32(const float *source, size_t parts, size_t count, float *target);
void bnk_nn_sum_parts_f64(const double *source, size_t parts, size_t count, double *target);

/// C[m,n] += A B (or = when `accumulate` is 0) in wrapping integer arithmetic, where element (i, l)
/// of A is at `a[i * a_row + l * a_column]`, and so for B.
void bnk_nn_gemm_i32(size_t m, size_t n, size_t k, const int32_t *a, size_t a_row, size_t a_column,
                     const int32_t *b, size_t b_row, size_t b_column, int32_t *c, size_t ldc,
                     int accumulate);
void bnk_nn_gemm_i64(size_t m, size_t n, size_t k, const int64_t *a, size_t a_row, size_t a_column,
                     const int64_t *b, size_t b_row, size_t b_column, int64_t *c, size_t ldc,
                     int accumulate);
void bnk_nn_gemm_i16(size_t m, size_t n, size_t k, const int16_t *a, size_t a_row, size_t a_column,
                     const int16_t *b, size_t b_row, size_t b_column, int16_t *c, size_t ldc,
                     int accumulate);

/// What happens to a result, as in bnk/epilogue.h, for any dtype.
struct bnk_nn_epilogue {
  enum bnk_activation activation;
  float alpha, beta;
  int residual_last;
};

/// Applies it to `rows` rows of `n` elements, `stride` elements apart, on the calling thread; the
/// residual's rows are `residual_stride` apart. `bias` and `residual` may be NULL.
void bnk_nn_epilogue_f32(const struct bnk_nn_epilogue *epilogue, const float *bias,
                         const float *residual, size_t residual_stride, size_t rows, size_t n,
                         float *x, size_t stride);
void bnk_nn_epilogue_f64(const struct bnk_nn_epilogue *epilogue, const double *bias,
                         const double *residual, size_t residual_stride, size_t rows, size_t n,
                         double *x, size_t stride);

/// target[i] = value[i] + bias[i % channels] over `rows` rows of `channels`, for any number dtype;
/// `inner` consecutive elements share a channel (1: channels last).
void bnk_nn_bias_add(enum bnk_dtype dtype, const void *value, const void *bias, void *target,
                     size_t rows, size_t channels, size_t inner);
/// target[channel] = sum of value over all but the channel.
void bnk_nn_bias_grad(enum bnk_dtype dtype, const void *value, void *target, size_t rows,
                      size_t channels, size_t inner);

// Depthwise convolution: `window->channels` input channels, `multiplier` outputs for each.

void bnk_nn_depthwise_f32(const struct bnk_nn_window *window, ptrdiff_t multiplier,
                          const float *input, const float *filter, float *output);
void bnk_nn_depthwise_f64(const struct bnk_nn_window *window, ptrdiff_t multiplier,
                          const double *input, const double *filter, double *output);
void bnk_nn_depthwise_input_f32(const struct bnk_nn_window *window, ptrdiff_t multiplier,
                                const float *gradient, const float *filter, float *target);
void bnk_nn_depthwise_input_f64(const struct bnk_nn_window *window, ptrdiff_t multiplier,
                                const double *gradient, const double *filter, double *target);
void bnk_nn_depthwise_filter_f32(const struct bnk_nn_window *window, ptrdiff_t multiplier,
                                 const float *input, const float *gradient, float *target);
void bnk_nn_depthwise_filter_f64(const struct bnk_nn_window *window, ptrdiff_t multiplier,
                                 const double *input, const double *gradient, double *target);

// Pooling.

/// The largest element of each window, the dtype's lowest value if the window is all padding.
void bnk_nn_max_pool(enum bnk_dtype dtype, const struct bnk_nn_window *window, const void *input,
                     void *output);
/// The position (pixel number within the image) of the first largest element of each window, -1
/// for windows without elements.
void bnk_nn_max_pool_argmax(enum bnk_dtype dtype, const struct bnk_nn_window *window,
                            const void *input, int64_t *positions);
/// The position of the first element of each window that equals the window's `value`, or -1.
void bnk_nn_max_pool_match(enum bnk_dtype dtype, const struct bnk_nn_window *window,
                           const void *input, const void *value, int64_t *positions);
/// Three-dimensional pooling: a window of NaN is NaN, and all elements that equal the maximum share
/// in the gradient.
void bnk_nn_max_pool_3d_f32(const struct bnk_nn_window *window, const float *input, float *output);
void bnk_nn_max_pool_3d_grad_f32(const struct bnk_nn_window *window, const float *input,
                                 const float *value, const float *gradient, float *target);
/// The mean of each window's elements.
void bnk_nn_avg_pool_f32(const struct bnk_nn_window *window, const float *input, float *output);
void bnk_nn_avg_pool_f64(const struct bnk_nn_window *window, const double *input, double *output);
void bnk_nn_avg_pool_f16(const struct bnk_nn_window *window, const void *input, void *output);
void bnk_nn_avg_pool_bf16(const struct bnk_nn_window *window, const void *input, void *output);
/// Each input pixel's share of the windows that cover it. With `spreads` a window that starts before
/// the input and is longer than it covers all of it, as in TensorFlow for two dimensions.
void bnk_nn_avg_pool_grad_f32(const struct bnk_nn_window *window, int spreads,
                              const float *gradient, float *target);
void bnk_nn_avg_pool_grad_f64(const struct bnk_nn_window *window, int spreads,
                              const double *gradient, double *target);
/// target = 0, then target[position of output o] += gradient[o].
void bnk_nn_max_pool_scatter(enum bnk_dtype dtype, const struct bnk_nn_window *window,
                             const int64_t *positions, const void *gradient, void *target);
/// target[o] = gradient[position of output o], 0 where there is none.
void bnk_nn_max_pool_take(size_t size, const struct bnk_nn_window *window,
                          const int64_t *positions, const void *gradient, void *target);

// Batch normalization of `rows` rows of `channels`.

// moments: mean and variance (divided by `rows`) of each channel.
// normalize: y = (x - mean) * scale + offset, channel by channel.
// norm_sums: the sums over rows of dy and of dy * (x - mean).
// norm_grad: dx = a * dy + b * (x - mean) + d, channel by channel.
void bnk_nn_moments_f32(const float *x, size_t rows, size_t channels, float *mean, float *variance);
void bnk_nn_normalize_f32(const float *x, size_t rows, size_t channels, const float *mean,
                          const float *scale, const float *offset, float *y);
void bnk_nn_norm_sums_f32(const float *dy, const float *x, const float *mean, size_t rows,
                          size_t channels, float *sum_dy, float *sum_dy_x);
void bnk_nn_norm_grad_f32(const float *dy, const float *x, const float *mean, const float *a,
                          const float *b, const float *d, size_t rows, size_t channels, float *dx);

void bnk_nn_moments_f64(const double *x, size_t rows, size_t channels, double *mean, double *variance);
void bnk_nn_normalize_f64(const double *x, size_t rows, size_t channels, const double *mean,
                          const double *scale, const double *offset, double *y);
void bnk_nn_norm_sums_f64(const double *dy, const double *x, const double *mean, size_t rows,
                          size_t channels, double *sum_dy, double *sum_dy_x);
void bnk_nn_norm_grad_f64(const double *dy, const double *x, const double *mean, const double *a,
                          const double *b, const double *d, size_t rows, size_t channels, double *dx);

// Local response normalization over `channels`.

void bnk_nn_lrn_f32(const float *x, size_t rows, size_t channels, size_t radius, float bias,
                    float alpha, float beta, float *y);
void bnk_nn_lrn_grad_f32(const float *dy, const float *x, const float *y, size_t rows,
                         size_t channels, size_t radius, float bias, float alpha, float beta,
                         float *dx);

// Losses.

/// loss = -sum(labels * logs), gradient -= labels, row by row; `gradient` holds the probabilities
/// before. A label of 0 adds nothing even if the logarithm is infinite.
void bnk_nn_cross_entropy_f32(const float *logs, const float *labels, size_t rows, size_t columns,
                              float *loss, float *gradient);
void bnk_nn_cross_entropy_f64(const double *logs, const double *labels, size_t rows,
                              size_t columns, double *loss, double *gradient);

// Dilation: the largest sum of pixel and tap; a pixel's channel has taps of its own.

void bnk_nn_dilation(enum bnk_dtype dtype, const struct bnk_nn_window *window, const void *input,
                     const void *filter, void *output);
void bnk_nn_dilation_input(enum bnk_dtype dtype, const struct bnk_nn_window *window,
                           const void *input, const void *filter, const void *gradient,
                           void *target);
void bnk_nn_dilation_filter(enum bnk_dtype dtype, const struct bnk_nn_window *window,
                            const void *input, const void *filter, const void *gradient,
                            void *target);

// Pooling of cells: cell (y, x) covers the rows from rows[y] to rows[y + 1] and the columns from
// columns[x] to columns[x + 1], the last one only if cells overlap.

struct bnk_nn_cells {
  ptrdiff_t batch, height, width, channels, out_rows, out_columns;
  const int64_t *rows, *columns;
  int overlapping;
};

/// float, double, int32 and int64.
void bnk_nn_fractional_pool(enum bnk_dtype dtype, const struct bnk_nn_cells *cells, int average,
                            const void *input, void *output);
/// `sums` has an element for each one of the input.
void bnk_nn_fractional_avg_grad(enum bnk_dtype dtype, const struct bnk_nn_cells *cells,
                                const void *gradient, double *sums, void *target);
/// Returns 0 if `pooled` is not what the input pools to.
int bnk_nn_fractional_max_grad(enum bnk_dtype dtype, const struct bnk_nn_cells *cells,
                               const void *input, const void *pooled, const void *gradient,
                               void *target);

/// Bilinear interpolation between given lines and columns of the first image, for each image.
struct bnk_nn_resize {
  ptrdiff_t batch, height, width, channels, out_height, out_width;
  const int64_t *y_low, *y_high, *x_low, *x_high;
  const float *y_part, *x_part;
};
void bnk_nn_resize_f32(const struct bnk_nn_resize *resize, const float *source, float *target);
void bnk_nn_resize_f64(const struct bnk_nn_resize *resize, const double *source, double *target);

// Recurrent cells.

/// The gates of an LSTM step. `gates` has four gates a row, the input gate first and the output gate
/// last; `c_gate` and `f_gate` are the numbers of the others. `wci`, `wcf` and `wco` may be NULL.
struct bnk_nn_lstm {
  size_t batch, cell, c_gate, f_gate;
  float forget_bias, clip;
  const float *gates, *cs_prev, *wci, *wcf, *wco;
  float *i, *cs, *f, *o, *ci, *co, *h;
};
void bnk_nn_lstm_f32(const struct bnk_nn_lstm *step);

/// Its gradient. `h_more` and `cs_more`, what later steps add, may be NULL, and so `b_grad` and the
/// three of the peepholes; the gradients of weights are added to.
struct bnk_nn_lstm_grad {
  size_t batch, cell, c_gate, f_gate;
  const float *cs_prev, *wci, *wcf, *wco, *i, *cs, *f, *o, *ci, *co;
  const float *cs_grad, *h_grad, *cs_more, *h_more;
  float *gates_grad, *cs_prev_grad, *wci_grad, *wcf_grad, *wco_grad, *b_grad;
};
void bnk_nn_lstm_grad_f32(const struct bnk_nn_lstm_grad *step);

/// r and u of a GRU step and reset = h_prev * r.
void bnk_nn_gru_gates_f32(size_t batch, size_t cell, const float *gates, const float *bias,
                          const float *h_prev, float *r, float *u, float *reset);
/// c = tanh(c + bias), h = u * h_prev + (1 - u) * c
void bnk_nn_gru_state_f32(size_t batch, size_t cell, const float *bias, const float *h_prev,
                          const float *u, float *c, float *h);

#endif
