#ifndef BNK_REDUCE_H
#define BNK_REDUCE_H

#include <stddef.h>
#include <stdint.h>

#include "bnk/dtype.h"

enum bnk_reduce_op {
  BNK_REDUCE_SUM,
  /// The sum divided by the count; integers truncate.
  BNK_REDUCE_MEAN,
  BNK_REDUCE_PROD,
  /// NaN wins.
  BNK_REDUCE_MAX,
  BNK_REDUCE_MIN,
  /// Of bool.
  BNK_REDUCE_ALL,
  BNK_REDUCE_ANY,
  /// The root of the sum of squares.
  BNK_REDUCE_EUCLIDEAN_NORM,
  /// Half the sum of squares.
  BNK_REDUCE_L2_LOSS,
};

/// The most dimensions that remain after neighbours are merged.
#define BNK_REDUCE_DIMS 24

/// A reduction of a tensor over some axes, ready to run. Floating values are accumulated in double
/// (integers in 64 bits), in an order that depends on the shape only.
struct bnk_reduce {
  enum bnk_reduce_op op;
  enum bnk_dtype dtype;
  /// Elements of the input and the output, and of the input for one of the output.
  size_t count, outputs, reduced;
  /// Memory that `bnk_reduce_run` needs.
  size_t scratch_bytes;
  /// The innermost run, and whether it is reduced.
  size_t run;
  int run_is_reduced;
  /// Other dimensions, innermost first, and their strides in elements.
  int kept_rank, reduced_rank;
  size_t kept_dims[BNK_REDUCE_DIMS], kept_strides[BNK_REDUCE_DIMS];
  size_t reduced_dims[BNK_REDUCE_DIMS], reduced_strides[BNK_REDUCE_DIMS];
  /// How the work is cut: outputs into blocks, what each reduces into pieces.
  size_t columns, blocks, segments, pieces;
};

/// Fills in `plan` for a tensor of the given dimensions, of which those with a nonzero `mask` are
/// reduced. Returns 0 when the op does not take the dtype or too many dimensions remain.
int bnk_reduce_plan(struct bnk_reduce *plan, enum bnk_reduce_op op, enum bnk_dtype dtype,
                    const int64_t *dims, const uint8_t *mask, int rank);

/// Runs on the threads of the pool. `scratch` is aligned to 16 bytes. The output has the input's
/// dtype. `y` must not overlap the inputs.
void bnk_reduce_run(const struct bnk_reduce *plan, const void *x, void *y, void *scratch);

/// The index of the largest or smallest of `n` elements, of a tensor [outer, n, inner]. NaN is
/// skipped, and the first of equals wins; 0 when nothing exceeds the lowest finite value. `y` holds
/// indices as int64.
void bnk_arg_extremum(enum bnk_dtype dtype, int largest, const void *x, int64_t *y, size_t outer,
                      size_t n, size_t inner);

#endif
