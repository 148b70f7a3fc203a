#ifndef BNK_POOL2D_H
#define BNK_POOL2D_H

#include <stddef.h>

/// Pooling of float images in NHWC order.
struct bnk_pool2d_shape {
  size_t batch, height, width, channels;
  size_t kernel_height, kernel_width, stride_height, stride_width;
  size_t pad_top, pad_left, pad_bottom, pad_right;
  /// Floats between consecutive pixels; at least `channels`. Lines and images follow each other
  /// without further gaps.
  size_t input_pixel_stride, output_pixel_stride;
};

/// Lines and columns of the output: windows that fit into the padded image.
size_t bnk_pool2d_output_height(const struct bnk_pool2d_shape *shape);
size_t bnk_pool2d_output_width(const struct bnk_pool2d_shape *shape);

/// The greatest element of each window. As in TensorFlow, NaN is passed over, padding does not
/// count, and the result is at least the lowest finite float.
void bnk_max_pool2d_f32(const struct bnk_pool2d_shape *shape, const float *input, float *output);

/// The mean of the elements of each window that lie inside the image. A window without any gives
/// NaN.
void bnk_average_pool2d_f32(const struct bnk_pool2d_shape *shape, const float *input,
                            float *output);

/// The mean of all pixels: input [batch, pixels, channels], output [batch, channels]. With 0 pixels
/// it is NaN.
void bnk_global_average_pool_f32(size_t batch, size_t pixels, size_t channels,
                                 size_t input_pixel_stride, const float *input,
                                 size_t output_stride, float *output);

#endif
