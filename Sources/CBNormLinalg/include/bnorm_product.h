#ifndef BNORM_PRODUCT_H
#define BNORM_PRODUCT_H

#include <stddef.h>
#include <stdint.h>

#include "bnk/dtype.h"

#define BLA_BATCH_RANK 24

/// A batch of matrix products C[m,n] = A[m,k] B[k,n] over strided arrays. Strides are in elements;
/// the batch dimensions of A and B may have stride 0.
struct bla_product {
  /// Float, double, complex64, complex128, int32 or int64.
  enum bnk_dtype dtype;
  int batch_rank;
  int64_t batch_size[BLA_BATCH_RANK];
  int64_t a_batch[BLA_BATCH_RANK], b_batch[BLA_BATCH_RANK], c_batch[BLA_BATCH_RANK];
  int64_t m, n, k;
  int64_t a_row, a_column, b_row, b_column, c_row, c_column;
};

void bla_product_run(const struct bla_product *product, const void *a, const void *b, void *c);

/// out (contiguous, over `rank` dimensions) = sums of `in` over `reduce_rank` more dimensions.
void bla_sum_strided(
    enum bnk_dtype dtype, const void *in, void *out, int rank, const int64_t *sizes,
    const int64_t *strides, int reduce_rank, const int64_t *reduce_sizes,
    const int64_t *reduce_strides);

#endif
