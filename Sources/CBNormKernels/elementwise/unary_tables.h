#ifndef BNK_UNARY_TABLES_H
#define BNK_UNARY_TABLES_H

#include "bnk/unary.h"

/// One past the highest dtype of a computation; float8 and int4 are only converted.
#define BNK_TABLE_DTYPES 24

typedef const bnk_unary_fn bnk_unary_table[BNK_UNARY_COUNT][BNK_TABLE_DTYPES];

extern bnk_unary_table bnk_unary_table__portable;
extern bnk_unary_table bnk_unary_table__avx2;
extern bnk_unary_table bnk_unary_table__avx512;

/// What does not profit from a tier.
extern bnk_unary_table bnk_unary_table__double;
extern bnk_unary_table bnk_unary_table__integer;
extern bnk_unary_table bnk_unary_table__complex;
extern bnk_unary_table bnk_unary_table__special;

extern const bnk_leaky_relu_fn bnk_leaky_relu_table__portable[BNK_TABLE_DTYPES];
extern const bnk_leaky_relu_fn bnk_leaky_relu_table__avx2[BNK_TABLE_DTYPES];
extern const bnk_leaky_relu_fn bnk_leaky_relu_table__avx512[BNK_TABLE_DTYPES];

#endif
