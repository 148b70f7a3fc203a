// Convolution of each channel by itself.
#ifndef BNK_DEPTHWISE_H
#define BNK_DEPTHWISE_H

#include "bnk/conv2d.h"

/// Part of a line of the output: all of its pixels, some of its channels.
struct bnk_depthwise_line {
  const struct bnk_conv2d_plan *plan;
  /// The input's image, in which pixels are `pixel_step` floats apart.
  const float *image;
  size_t pixel_step;
  /// Number of the line in its image.
  size_t y;
  /// Output channels `first`..<`end`; `first` is a multiple of the vector.
  size_t first, end;
  /// Vector by vector of channels, the taps of the window.
  const float *packed;
  /// The line's first pixel.
  float *output;
  /// Bias, residual and activation; the residual is that of the line's first pixel.
  struct bnk_epilogue epilogue;
};

/// The kernel of one tier.
struct bnk_depthwise {
  size_t vector;
  void (*line)(const struct bnk_depthwise_line *line);
};

extern const struct bnk_depthwise bnk_depthwise__portable, bnk_depthwise__avx2,
    bnk_depthwise__avx512;

#endif
