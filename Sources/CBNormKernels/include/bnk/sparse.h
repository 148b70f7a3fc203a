#ifndef BNK_SPARSE_H
#define BNK_SPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bnk/dtype.h"

/// The product of a sparse and a dense matrix.
struct bnk_sparse_product {
  /// Entries of the sparse matrix; entry e stands in row `rows[e]` and column `columns[e]` of what is
  /// multiplied (that is, of the adjoint if there is one). The indices are valid.
  size_t count;
  const int64_t *rows, *columns;
  const void *values;
  /// Takes the conjugates of `values`.
  bool conjugate;
  /// The rows of the dense matrix: row k has `width` elements from `dense + k * width`.
  const void *dense;
  size_t width;
  /// Takes the conjugates of the dense matrix.
  bool conjugate_dense;
};

/// out[rows[e], :] += values[e] * dense[columns[e], :] in the order of e. For float, double, int32,
/// int64, complex64 and complex128; returns false for others.
bool bnk_sparse_product_run(const struct bnk_sparse_product *product, enum bnk_dtype dtype,
                            void *out);

#endif
