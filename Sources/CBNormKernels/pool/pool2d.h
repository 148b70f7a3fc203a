// Inside the pooling kernels.
#ifndef BNK_POOL2D_INTERNAL_H
#define BNK_POOL2D_INTERNAL_H

#include <stdbool.h>

#include "bnk/pool2d.h"

/// The kernels of one tier.
struct bnk_pool2d {
  /// Line `line` of the output, counted over all images.
  void (*line)(const struct bnk_pool2d_shape *shape, bool average, const float *input,
               size_t line, float *output);
  /// The mean over `pixels` of channels 0..<`channels`.
  void (*mean)(size_t pixels, size_t channels, size_t stride, const float *input, float *output);
};

extern const struct bnk_pool2d bnk_pool2d__portable, bnk_pool2d__avx2, bnk_pool2d__avx512;

#endif
