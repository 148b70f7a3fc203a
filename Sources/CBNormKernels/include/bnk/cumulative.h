#ifndef BNK_CUMULATIVE_H
#define BNK_CUMULATIVE_H

#include <stddef.h>

#include "bnk/dtype.h"

enum bnk_cumulative_op { BNK_CUMULATIVE_SUM, BNK_CUMULATIVE_PROD, BNK_CUMULATIVE_LOGSUMEXP };

/// Running sums, products or log-sum-exps along the middle of a tensor [outer, n, inner].
/// Exclusive ones leave out the element itself; reversed ones run from the end. 0 is returned for
/// a dtype that the op does not take. `y` must not overlap `x`.
int bnk_cumulative(enum bnk_cumulative_op op, enum bnk_dtype dtype, int exclusive, int reverse,
                   const void *x, void *y, size_t outer, size_t n, size_t inner);

#endif
