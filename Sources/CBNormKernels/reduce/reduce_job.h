// What the files of the reductions share.
#ifndef BNK_REDUCE_JOB_H
#define BNK_REDUCE_JOB_H

#include "../math/dtype_size.h"
#include "bnk/reduce.h"
#include "reduce_loops.h"

// Elements of a segment, the unit of cutting: several fit the first level cache.
#define SEGMENT 4096
// Output columns that are accumulated together.
#define COLUMNS 512
static inline enum bnk_hub hub_of(enum bnk_dtype dtype) {
  switch (dtype) {
    case BNK_FLOAT:
    case BNK_HALF:
    case BNK_BFLOAT16: return BNK_HUB_F32;
    case BNK_DOUBLE: return BNK_HUB_F64;
    case BNK_UINT64: return BNK_HUB_U64;
    case BNK_COMPLEX64:
    case BNK_COMPLEX128: return BNK_HUB_C128;
    default: return BNK_HUB_I64;
  }
}

static inline enum bnk_dtype hub_dtype(enum bnk_hub hub) {
  static const enum bnk_dtype dtypes[] = {BNK_FLOAT, BNK_DOUBLE, BNK_INT64, BNK_UINT64,
                                          BNK_COMPLEX128};
  return dtypes[hub];
}

static inline size_t accumulator_size(enum bnk_hub hub) { return hub == BNK_HUB_C128 ? 16 : 8; }

static inline size_t ceil_div(size_t a, size_t b) { return (a + b - 1) / b; }

/// A reduction that runs.
struct bnk_reduce_job {
  const struct bnk_reduce *plan;
  enum bnk_hub hub;
  struct bnk_fold_loops loops;
  size_t size;  // Of an element.
  const char *x;
  char *y, *acc;
};

/// Accumulators that hold the result of nothing.
void bnk_reduce_begin(const struct bnk_reduce_job *job, char *acc, size_t n);

/// Makes outputs `first ..< first + n` from their accumulators.
void bnk_reduce_finish(const struct bnk_reduce_job *job, char *acc, size_t first, size_t n);

#endif
