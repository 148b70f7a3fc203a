// Inside batch normalisation.
#ifndef BNK_BATCH_NORM_INTERNAL_H
#define BNK_BATCH_NORM_INTERNAL_H

#include <stdbool.h>

#include "bnk/batch_norm.h"

/// Sums over some rows of some channels: of d and d * d with d = x - pivot or, if there is `dy`, of
/// dy and dy * (x - pivot).
struct bnk_channel_sums {
  const void *x, *dy;
  /// Elements between rows.
  size_t stride;
  size_t rows, channels;
  const float *pivot;
  float *first, *second;
};

/// y = x * scale + shift, or with `dy` x * scale + dy * dy_scale + shift, of consecutive rows. The
/// factors repeat after `period` elements, a multiple of the vector or the number of channels.
struct bnk_channel_map {
  const void *x, *dy;
  size_t count, period;
  const float *scale, *dy_scale, *shift;
  float low, high;
  void *y;
  /// The product is rounded to the type before the sum, as by two ops.
  bool rounds;
};

/// The kernels of one tier and one type.
struct bnk_batch_norm {
  void (*sums)(const struct bnk_channel_sums *sums);
  void (*map)(const struct bnk_channel_map *map);
};

/// Types in the order float, half, bfloat16.
extern const struct bnk_batch_norm bnk_batch_norm__portable[3], bnk_batch_norm__avx2[3],
    bnk_batch_norm__avx512[3];

/// Those of the best tier, for BNK_FLOAT, BNK_HALF or BNK_BFLOAT16, and the bytes of an element.
const struct bnk_batch_norm *bnk_batch_norm_kernels(enum bnk_dtype type);
size_t bnk_batch_norm_element(enum bnk_dtype type);

/// A mean cut to few bits: elements that are round numbers stay so when it is subtracted, and their
/// sums exact; otherwise all would be rounded the same way.
float bnk_batch_norm_pivot(float mean);

/// Maps all channels of rows: `map` has neither count nor period.
void bnk_batch_norm_map(enum bnk_dtype type, size_t rows, size_t channels,
                        struct bnk_channel_map map);

/// Moments where channels are many and rows few: groups of channels are independent.
void bnk_batch_norm_moments_wide(enum bnk_dtype type, size_t rows, size_t channels, const void *x,
                                 float *mean, float *variance);

#endif
