#ifndef BNK_REDUCE_LOOPS_H
#define BNK_REDUCE_LOOPS_H

#include <stddef.h>
#include <stdint.h>

/// How elements are combined; means and roots are taken at the end.
enum bnk_fold { BNK_FOLD_SUM, BNK_FOLD_SQUARES, BNK_FOLD_PROD, BNK_FOLD_MAX, BNK_FOLD_MIN };
#define BNK_FOLDS 5

/// What the loops read; narrower types are converted before. Accumulators are double, int64,
/// uint64 or two doubles.
enum bnk_hub { BNK_HUB_F32, BNK_HUB_F64, BNK_HUB_I64, BNK_HUB_U64, BNK_HUB_C128 };
#define BNK_HUBS 5

/// acc[r] = fold(acc[r], x[r * n ... r * n + n - 1]).
typedef void (*bnk_fold_rows)(const void *x, size_t rows, size_t n, void *acc);
/// acc[k] = fold(acc[k], x[r * stride + k] for all r).
typedef void (*bnk_fold_columns)(const void *x, size_t rows, size_t columns, size_t stride,
                                 void *acc);

struct bnk_fold_loops {
  bnk_fold_rows rows;
  bnk_fold_columns columns;
};

typedef const struct bnk_fold_loops bnk_fold_table[BNK_HUBS][BNK_FOLDS];
extern bnk_fold_table bnk_fold_table__portable;
extern bnk_fold_table bnk_fold_table__avx2;
extern bnk_fold_table bnk_fold_table__avx512;
extern bnk_fold_table bnk_fold_table__complex;

/// Sums of columns of floats, in the order of TensorFlow's additions.
extern const bnk_fold_columns bnk_sum_columns_f32__portable;
extern const bnk_fold_columns bnk_sum_columns_f32__avx2;
extern const bnk_fold_columns bnk_sum_columns_f32__avx512;

#endif
