#ifndef BNK_SOFTMAX_H
#define BNK_SOFTMAX_H

#include <stddef.h>

#include "bnk/dtype.h"

/// exp(x) / sum(exp(x)) over each of `rows` rows of `n` elements, or its logarithm, on the threads
/// of the pool; half, bfloat16, float and double (0 is returned for others). `y` may be `x`.
int bnk_softmax(enum bnk_dtype dtype, int logarithm, const void *x, void *y, size_t rows, size_t n);

#endif
