#ifndef BNK_BROADCAST_H
#define BNK_BROADCAST_H

#include <stddef.h>
#include <stdint.h>

#include "bnk/binary.h"

/// The most dimensions that remain after neighbours that broadcast alike are merged.
#define BNK_BROADCAST_DIMS 24

/// A broadcast of two shapes, ready to run: merged dimensions, innermost first. A stride is in
/// elements and 0 where the operand repeats.
struct bnk_broadcast {
  size_t count;
  int rank;
  size_t dims[BNK_BROADCAST_DIMS];
  size_t a_strides[BNK_BROADCAST_DIMS];
  size_t b_strides[BNK_BROADCAST_DIMS];
};

/// Fills in `plan` for two shapes that broadcast against each other. Returns 0 if they do not, or
/// if too many dimensions remain.
int bnk_broadcast_plan(struct bnk_broadcast *plan, const int64_t *a_dims, int a_rank,
                       const int64_t *b_dims, int b_rank);

/// Runs `fn` over the broadcast on the threads of the pool. `size` is the size of an input element,
/// `y_size` that of an output element; `grain` the number of elements that are worth a thread.
void bnk_broadcast_run(const struct bnk_broadcast *plan, bnk_binary_fn fn, size_t size,
                       size_t y_size, size_t grain, const void *a, const void *b, void *y,
                       int *error);

/// A sensible grain for `op`.
size_t bnk_binary_grain(enum bnk_binary_op op);

#endif
