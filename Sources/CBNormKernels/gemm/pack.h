#ifndef BNK_PACK_H
#define BNK_PACK_H

#include <stddef.h>

#include "igemm.h"

/// Columns to be packed, and where each element lies in the source. The packed form is a sequence
/// of panels of two vectors of columns, the last of one if that is enough: for every position of
/// the inner dimension the columns' elements, zero beyond the last column.
struct bnk_columns {
  /// Floats, perhaps unaligned.
  const void *source;
  /// The inner dimension, in units of `k_step` floats of the source.
  struct bnk_segments segments;
  /// See `bnk_product`: first so many of every run, then as many more; 0: whole runs.
  size_t part;
  size_t k_step;
  size_t n, n_step;
  /// A factor for each column, or NULL.
  const float *scale;
  float *packed;
};

/// Packs for the current tier, in parallel.
void bnk_pack_columns(const struct bnk_columns *columns);

#endif
