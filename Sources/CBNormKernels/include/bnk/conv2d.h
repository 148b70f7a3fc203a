#ifndef BNK_CONV2D_H
#define BNK_CONV2D_H

#include <stdbool.h>
#include <stddef.h>

#include "bnk/epilogue.h"

/// Convolution of float images in NHWC order with weights in HWIO order
/// [kernel_height, kernel_width, in_channels / groups, out_channels].
struct bnk_conv2d_shape {
  size_t batch, height, width, in_channels;
  size_t kernel_height, kernel_width, out_channels;
  /// Groups of channels that are convolved apart; divides both channel counts. 1 is the usual case.
  /// A depthwise convolution has as many groups as input channels: its weights
  /// [kernel_height, kernel_width, in_channels, multiplier] have the same order in memory.
  size_t groups;
  size_t stride_height, stride_width, dilation_height, dilation_width;
  /// Lines and columns of zeros around the image.
  size_t pad_top, pad_left, pad_bottom, pad_right;
  /// Floats between consecutive pixels of the input and of the output; at least the channel
  /// counts, larger if the channels are a slice of a wider tensor. Lines and images follow each
  /// other without further gaps.
  size_t input_pixel_stride, output_pixel_stride;
};

enum bnk_conv2d_algorithm {
  /// Multiplies rows of the input, or of a zero-padded copy, where they lie.
  BNK_CONV2D_DIRECT = 0,
  /// Convolves each input channel by itself: as many groups as input channels.
  BNK_CONV2D_DEPTHWISE = 1,
  /// Winograd's F(2x2, 3x3) and F(4x4, 3x3).
  BNK_CONV2D_WINOGRAD_2 = 2,
  BNK_CONV2D_WINOGRAD_4 = 4,
};

/// How far outputs may be from the direct sum.
enum bnk_conv2d_rounding {
  /// What follows enlarges differences, as batch normalizations do: Winograd's algorithm only in
  /// its smaller form, and on small maps, which lie near the end of a network.
  BNK_CONV2D_CLOSE = 0,
  /// About as far as sums of another order.
  BNK_CONV2D_LOOSE = 1,
};

enum bnk_conv2d_policy {
  /// As the rounding says that a convolution is planned with.
  BNK_CONV2D_AS_PLANNED = 0,
  /// The direct sum only, in the order of TensorFlow's additions.
  BNK_CONV2D_EXACT = 1,
  /// Every convolution may be loose.
  BNK_CONV2D_RELAXED = 2,
};

/// For what is planned from now on.
void bnk_conv2d_set_policy(enum bnk_conv2d_policy policy);
enum bnk_conv2d_policy bnk_conv2d_current_policy(void);

/// How a convolution is done. A plain value: made once, used by any number of calls at once, each
/// with a workspace of its own. It belongs to the tier under which it was made.
struct bnk_conv2d_plan {
  struct bnk_conv2d_shape shape;
  size_t output_height, output_width;
  enum bnk_conv2d_algorithm algorithm;
  size_t packed_bytes;
  size_t workspace_bytes;
  /// What follows is the implementation's.
  size_t strands;
  size_t copy_pixel_stride, copy_height, copy_width;
  bool copies, by_image;
  size_t scratch_floats, tiles_at_once;
};

/// Plans a convolution. The choice depends on the shape and the tier, and the workspace on
/// `bnk_threads()`: with more threads later on the call uses as many as at planning time.
///
/// The window must fit: (kernel - 1) * dilation + 1 <= size + padding in both directions, or the
/// output is empty. All of kernel, stride, dilation and groups are at least 1.
void bnk_conv2d_plan(const struct bnk_conv2d_shape *shape, enum bnk_conv2d_rounding rounding,
                     struct bnk_conv2d_plan *plan);

/// As `bnk_conv2d_plan` with a given algorithm. Winograd's needs a 3x3 kernel, strides and
/// dilations of 1 and one group, the depthwise one as many groups as input channels; otherwise the
/// direct one is taken.
void bnk_conv2d_plan_with(const struct bnk_conv2d_shape *shape,
                          enum bnk_conv2d_algorithm algorithm, struct bnk_conv2d_plan *plan);

/// Packs HWIO weights, whose address need not be aligned, into `packed_bytes` at `packed`. Each
/// output channel is multiplied with its entry of `scale` unless that is NULL.
void bnk_conv2d_pack_weights(const struct bnk_conv2d_plan *plan, const void *weights,
                             const float *scale, float *packed);

/// Convolves. `workspace` (`workspace_bytes`, aligned to 64 bytes; NULL if 0) is overwritten. The
/// output must not overlap the input. The result is the same to the bit whatever the number of
/// threads.
void bnk_conv2d_run(const struct bnk_conv2d_plan *plan, const float *input, const float *packed,
                    const struct bnk_epilogue *epilogue, float *output, void *workspace);

#endif
