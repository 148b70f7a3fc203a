#ifndef BNK_SELECT_H
#define BNK_SELECT_H

#include <stddef.h>
#include <stdint.h>

#include "bnk/dtype.h"

#define BNK_SELECT_DIMS 24

/// A broadcast of a condition and two values: merged dimensions, innermost first; a stride is in
/// elements and 0 where the operand repeats.
struct bnk_select {
  size_t count;
  int rank;
  size_t dims[BNK_SELECT_DIMS];
  size_t c_strides[BNK_SELECT_DIMS], a_strides[BNK_SELECT_DIMS], b_strides[BNK_SELECT_DIMS];
};

/// Fills in `plan` for an output of `rank` dimensions and operands whose dimensions, padded in
/// front to the same rank, are each the output's or 1. Returns 0 if too many dimensions remain.
int bnk_select_plan(struct bnk_select *plan, int rank, const int64_t *dims, const int64_t *c_dims,
                    const int64_t *a_dims, const int64_t *b_dims);

/// y = c ? a : b for elements of 1, 2, 4, 8 or 16 bytes, on the threads of the pool.
void bnk_select_run(const struct bnk_select *plan, size_t size, const uint8_t *c, const void *a,
                    const void *b, void *y);

/// y[i] = x[i] limited to low[i * low_step] ... high[i * high_step]; steps are 0 or 1. Real dtypes
/// only (0 is returned for others). `y` may be `x`.
int bnk_clip(enum bnk_dtype dtype, const void *x, const void *low, size_t low_step,
             const void *high, size_t high_step, void *y, size_t n);

/// The regularised incomplete beta function of float or double; steps are 0 or 1.
void bnk_betainc_loop(enum bnk_dtype dtype, const void *a, size_t a_step, const void *b,
                      size_t b_step, const void *x, size_t x_step, void *y, size_t n);

#endif
