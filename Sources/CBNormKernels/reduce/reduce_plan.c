#include <string.h>

#include "reduce_job.h"

// What a piece reduces at least, when outputs alone do not occupy the threads, and how many
// pieces and blocks there are at most in that case.
#define PIECE_SEGMENTS 8
#define MAX_PIECES 64

static int takes(enum bnk_reduce_op op, enum bnk_dtype dtype) {
  const int is_complex = dtype == BNK_COMPLEX64 || dtype == BNK_COMPLEX128;
  switch (op) {
    case BNK_REDUCE_ALL:
    case BNK_REDUCE_ANY: return dtype == BNK_BOOL;
    case BNK_REDUCE_MAX:
    case BNK_REDUCE_MIN:
    case BNK_REDUCE_L2_LOSS: return !is_complex && dtype != BNK_BOOL;
    default: return dtype != BNK_BOOL;
  }
}

int bnk_reduce_plan(struct bnk_reduce *plan, enum bnk_reduce_op op, enum bnk_dtype dtype,
                    const int64_t *dims, const uint8_t *mask, int rank) {
  memset(plan, 0, sizeof *plan);
  if ((unsigned)dtype > BNK_UINT64 || dtype == BNK_STRING || dtype == BNK_RESOURCE ||
      dtype == BNK_VARIANT || !takes(op, dtype))
    return 0;
  plan->op = op;
  plan->dtype = dtype;
  plan->count = plan->outputs = plan->reduced = 1;
  plan->run = 1;
  size_t stride = 1;
  int last = -1;
  for (int i = rank - 1; i >= 0; i--) {
    const size_t d = (size_t)dims[i];
    const int reduced = mask[i] != 0;
    plan->count *= d;
    *(reduced ? &plan->reduced : &plan->outputs) *= d;
    if (d == 1) continue;
    int *count = reduced ? &plan->reduced_rank : &plan->kept_rank;
    size_t *all = reduced ? plan->reduced_dims : plan->kept_dims;
    size_t *strides = reduced ? plan->reduced_strides : plan->kept_strides;
    if (last == -1 || (last == reduced && plan->kept_rank + plan->reduced_rank == 0)) {
      plan->run *= d;
      plan->run_is_reduced = reduced;
    } else if (last == reduced) {
      all[*count - 1] *= d;
    } else {
      if (*count == BNK_REDUCE_DIMS) return 0;
      all[*count] = d;
      strides[*count] = stride;
      ++*count;
    }
    last = reduced;
    stride *= d;
  }
  if (last == -1) plan->run_is_reduced = 1;
  const enum bnk_hub hub = hub_of(dtype);
  if (plan->count == 0) return 1;
  if (plan->run_is_reduced) {
    // A segment is a part of a run, or a whole short one.
    plan->columns = 1;
    plan->blocks = plan->outputs;
    plan->segments = plan->reduced / plan->run * ceil_div(plan->run, SEGMENT);
  } else {
    plan->columns = plan->run < COLUMNS ? plan->run : COLUMNS;
    plan->blocks = plan->outputs / plan->run * ceil_div(plan->run, plan->columns);
    if (plan->reduced_rank == 0) {
      plan->reduced_rank = 1;
      plan->reduced_dims[0] = 1;
    }
    const size_t rows = SEGMENT / plan->columns;
    const size_t inner = plan->reduced_dims[0];
    plan->segments = plan->reduced / inner * ceil_div(inner, rows);
  }
  plan->pieces = 1;
  if (plan->blocks < MAX_PIECES && plan->segments >= 2 * PIECE_SEGMENTS) {
    const size_t pieces = plan->segments / PIECE_SEGMENTS;
    const size_t most = MAX_PIECES / plan->blocks;
    plan->pieces = pieces < most ? pieces : most;
  }
  plan->scratch_bytes = plan->pieces * plan->outputs * accumulator_size(hub);
  return 1;
}
