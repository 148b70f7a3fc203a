// The engine beneath GEMM and convolution: a product of rows that are given by their addresses
// with packed columns.
#ifndef BNK_IGEMM_H
#define BNK_IGEMM_H

#include <stdbool.h>
#include <stddef.h>

#include "bnk/cpu.h"
#include "bnk/epilogue.h"

/// Length of the inner dimension that is taken at a time, so that a panel stays in the cache.
enum { bnk_depth_limit = 1280 };

/// The most rows of a block.
enum { bnk_block_rows = 448 };

/// Where the inner dimension lies in a row, in floats from the row's address: `outer_count` times
/// `inner_count` runs of `run` consecutive floats.
struct bnk_segments {
  size_t outer_count, outer_step;
  size_t inner_count, inner_step;
  size_t run;
};

static inline size_t bnk_segments_length(const struct bnk_segments *s) {
  return s->outer_count * s->inner_count * s->run;
}

/// A block of the result, computed by one thread.
struct bnk_block {
  /// Addresses of the `m` rows of A.
  const float *const *rows;
  size_t m;
  struct bnk_segments segments;
  /// See `bnk_product`.
  size_t part;
  /// Packed panels of `n` columns, the first of which starts a panel.
  const float *packed;
  size_t n;
  float *c;
  size_t ldc;
  /// Bias and residual are those of the block's first row and column.
  struct bnk_epilogue epilogue;
  /// Room to copy a part of the rows to, `m` times `bnk_scratch_step`, or NULL: they are read where
  /// they are. Only for rows of a single run.
  float *scratch;
};

/// One tile, see gemm/microkernel.h.
struct bnk_tile {
  const float *const *rows;
  size_t offset;
  struct bnk_segments segments;
  const float *b;
  float *c;
  size_t ldc;
  const float *bias;
  const float *statistics;
  size_t statistics_step;
  bool statistics_fuse;
  const float *residual;
  size_t residual_stride;
  float low, high;
  /// Columns of the last vector that exist.
  int last_lanes;
  /// Where the sum so far lies, if it goes on or is added, and whether this ends it.
  const float *sums;
  size_t sums_stride;
  bool continues, adds, ends;
};

/// A whole product: where its rows lie, what they are multiplied with and where the result goes.
struct bnk_product {
  const float *input;
  /// Rows of the result: row r belongs to image r / per_image, line (r % per_image) / per_line and
  /// place r % per_line, and starts at the sum of these times the steps (in floats).
  size_t m, per_image, per_line;
  size_t image_step, line_step, place_step;
  struct bnk_segments segments;
  /// Runs are summed up in parts of so many floats, each from zero: with several runs first the
  /// first part of every run, as the columns are packed then. 0: in one chain of additions.
  size_t part;
  const float *packed;
  size_t n;
  float *c;
  size_t ldc;
  struct bnk_epilogue epilogue;
  /// Room to copy rows to when their distance would make them compete for the same cache sets, or
  /// NULL: `bnk_product_scratch_floats` for each strand.
  float *scratch;
  /// The most threads that may work on it; 1 keeps it on the calling thread.
  size_t strands;
};

/// Floats of scratch for each strand of a product; 0 if none is needed.
size_t bnk_product_scratch_floats(const struct bnk_product *product);

/// Computes a product.
void bnk_product_run(const struct bnk_product *product);

/// Whether rows that are so many floats apart fall into the same sets of the level 1 cache.
static inline bool bnk_step_conflicts(size_t floats) { return floats != 0 && floats % 1024 == 0; }

/// The engine of one tier.
struct bnk_igemm {
  /// Floats in a vector; a full panel has two vectors of columns.
  int vector;
  /// Rows of the largest tile.
  int tile_rows;
  void (*block)(const struct bnk_block *block);
};


extern const struct bnk_igemm bnk_igemm__portable, bnk_igemm__avx2, bnk_igemm__avx512;

/// The engine of the current tier.
const struct bnk_igemm *bnk_igemm_current(void);

/// Floats between the rows of a block's scratch.
static inline size_t bnk_scratch_step(size_t run) {
  return (run < bnk_depth_limit ? run : bnk_depth_limit) + 16;
}

/// Width of the panel that starts at column `j` of `n`.
static inline size_t bnk_panel_width(size_t n, size_t j, size_t vector) {
  return n - j > vector ? 2 * vector : vector;
}

/// Floats that `k` x `n` packed columns take.
static inline size_t bnk_packed_floats(size_t k, size_t n, size_t vector) {
  const size_t full = n / (2 * vector), rest = n % (2 * vector);
  return k * (full * 2 + (rest == 0 ? 0 : rest > vector ? 2 : 1)) * vector;
}

#endif
