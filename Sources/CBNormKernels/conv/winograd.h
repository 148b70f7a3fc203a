// Winograd's minimal filtering F(m x m, 3 x 3): an output tile of m x m pixels comes from n x n
// input pixels, n = m + 2, by n * n products instead of 9 * m * m.
//
// F(2x2) evaluates at 0, 1, -1 and infinity, F(4x4) at 0, +-sqrt(1/2), +-sqrt(2) and infinity:
// points whose product is one keep the rounding error within twice that of a direct sum.
#ifndef BNK_WINOGRAD_H
#define BNK_WINOGRAD_H

#include "bnk/conv2d.h"

/// Where the images' tiles lie and how the transformed ones are laid out: plane by plane (n * n of
/// them), in a plane tile by tile, in a tile the channels.
struct bnk_winograd {
  const struct bnk_conv2d_plan *plan;
  /// Tiles in a column and in a line of an image.
  size_t down, across;
  size_t channel_step, input_plane;
  size_t product_step, product_plane;
};

/// The transforms of one tier.
struct bnk_winograd_transforms {
  /// Transforms input tiles `first`..<`first + count` to the places 0..<count of `to`.
  void (*input)(const struct bnk_winograd *w, const float *input, size_t first, size_t count,
                float *to);
  /// Transforms products at places 0..<count back to output tiles `first`..<`first + count`.
  void (*output)(const struct bnk_winograd *w, const float *from, size_t first, size_t count,
                 const struct bnk_epilogue *epilogue, float *output);
  /// Transforms the weights of an input channel for `count` of the `width` columns of a panel, the
  /// rest being zero. `weights` are those of the first column's first tap, perhaps unaligned,
  /// consecutive taps are `tap_step` floats apart; `to` has planes `plane` floats apart.
  void (*weights)(const double g[6][3], const char *weights, size_t tap_step, size_t count,
                  const float *scale, float *to, size_t plane, size_t width);
};

extern const struct bnk_winograd_transforms bnk_winograd__portable[2], bnk_winograd__avx2[2],
    bnk_winograd__avx512[2];

#endif
