#ifndef BNK_SOFTMAX_TABLES_H
#define BNK_SOFTMAX_TABLES_H

#include <stddef.h>

typedef void (*bnk_softmax_fn)(const void *x, void *y, size_t rows, size_t n, int logarithm);

/// For float, half, bfloat16 and double.
extern const bnk_softmax_fn bnk_softmax_table__portable[4];
extern const bnk_softmax_fn bnk_softmax_table__avx2[4];
extern const bnk_softmax_fn bnk_softmax_table__avx512[4];

#endif
