#ifndef BNK_CAST_H
#define BNK_CAST_H

#include <stddef.h>

#include "bnk/dtype.h"

/// Whether values of `from` can be converted to `to`: any two plain dtypes.
int bnk_can_cast(enum bnk_dtype from, enum bnk_dtype to);

/// Converts `n` elements as TensorFlow's CPU kernels do, on the threads of the pool. `truncate`
/// cuts the mantissa when a floating type becomes a narrower one, instead of rounding it. Does
/// nothing when `bnk_can_cast` is 0. `x` and `y` must not overlap.
void bnk_cast(enum bnk_dtype from, enum bnk_dtype to, int truncate, const void *x, void *y,
              size_t n);

#endif
