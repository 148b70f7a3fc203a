#ifndef BNK_CAST_TABLES_H
#define BNK_CAST_TABLES_H

#include <stddef.h>

#include "bnk/dtype.h"

typedef void (*bnk_cast_fn)(const void *x, void *y, size_t n);

#define BNK_CAST_DTYPES 24

/// Loops between the real dtypes, by source and destination.
extern const bnk_cast_fn bnk_cast_table__portable[BNK_CAST_DTYPES][BNK_CAST_DTYPES];
extern const bnk_cast_fn bnk_cast_table__avx2[BNK_CAST_DTYPES][BNK_CAST_DTYPES];
extern const bnk_cast_fn bnk_cast_table__avx512[BNK_CAST_DTYPES][BNK_CAST_DTYPES];

#endif
