#ifndef BNK_ARRAY_H
#define BNK_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The most dimensions that a copy can have once dimensions of 1 are dropped.
#define BNK_COPY_RANK 40

enum bnk_copy_kind {
  BNK_COPY_EMPTY = 0,
  /// The innermost dimension is contiguous on both sides.
  BNK_COPY_ROWS,
  /// The innermost dimension repeats one element.
  BNK_COPY_FILL,
  /// The source is contiguous along the last but one dimension, the target along the last.
  BNK_COPY_TRANSPOSE,
  /// Element by element.
  BNK_COPY_STRIDED,
};

/// A copy between two strided arrays of equal dimensions, in the form that runs fastest: neighbours
/// merged, dimensions ordered by the target's strides. Strides are in bytes.
struct bnk_copy {
  enum bnk_copy_kind kind;
  uint32_t rank;
  /// Bytes of the unit that is moved; of the whole row for `BNK_COPY_ROWS`.
  size_t size;
  /// Bytes that are written.
  size_t bytes;
  size_t dims[BNK_COPY_RANK];
  ptrdiff_t src[BNK_COPY_RANK];
  ptrdiff_t dst[BNK_COPY_RANK];
};

/// Prepares a copy of elements of `size` bytes (1, 2, 4, 8 or 16). Strides are in elements; the
/// target's are positive and must not overlap, the source's may be 0 or negative. Returns false
/// when more than `BNK_COPY_RANK` dimensions remain.
bool bnk_copy_prepare(struct bnk_copy *copy, size_t size, size_t rank, const int64_t *dims,
                      const int64_t *src_strides, const int64_t *dst_strides);

/// Runs a copy; the arrays must not overlap (except where they do not touch the same elements).
void bnk_copy_run(const struct bnk_copy *copy, const void *src, void *dst);

/// Copies `bytes` bytes with all threads.
void bnk_copy_bytes(void *dst, const void *src, size_t bytes);

/// The position of the first of `count` indices (of `index_size` 4 or 8 bytes) outside 0..<limit,
/// or `count`.
size_t bnk_bad_index(const void *indices, size_t index_size, size_t count, int64_t limit);

/// out[b, o, i, :] = params[b, o, indices[b, i], :] with rows of `row` bytes. The indices are valid.
struct bnk_gather {
  size_t batch, outer, count, limit, row, index_size;
};
void bnk_gather_run(const struct bnk_gather *gather, const void *params, const void *indices,
                    void *out);

/// Turns `count` tuples of `depth` indices into element offsets: the sum of index * stride. Returns
/// the first tuple with an index outside 0..<dims[k], or `count`. Offsets of bad tuples are -1, and
/// the pass goes on.
size_t bnk_nd_offsets(const void *indices, size_t index_size, size_t count, size_t depth,
                      const int64_t *dims, const int64_t *strides, int64_t *offsets);

/// out[i, :] = params[offsets[i], :] for offsets of rows; a row of a negative offset becomes 0.
void bnk_gather_offsets(void *out, const void *params, const int64_t *offsets, size_t count,
                        size_t row);

enum bnk_scatter_op {
  BNK_SCATTER_UPDATE = 0,
  BNK_SCATTER_ADD,
  BNK_SCATTER_SUB,
  BNK_SCATTER_MAX,
  BNK_SCATTER_MIN,
  BNK_SCATTER_MUL,
  BNK_SCATTER_DIV,
};

/// out[offsets[i], :] op= updates[i, :], in the order of i; rows of `row` elements of a
/// `enum bnk_dtype`; negative offsets are skipped. `update_stride` is 0 when all rows take one
/// scalar, else 1. Returns false for a dtype that the op does not take.
bool bnk_scatter_run(void *out, const void *updates, const int64_t *offsets, size_t count,
                     size_t row, int dtype, enum bnk_scatter_op op, bool scalar_update);

/// out[o, d, i] = indices[o, i] == d ? on : off, elements of `size` bytes.
void bnk_one_hot(void *out, const void *indices, int index_dtype, size_t outer, size_t depth,
                 size_t inner, const void *on, const void *off, size_t size);

/// The `k` largest of each row of `columns` elements (`k` <= `columns`), largest first, equal ones
/// by index; unless `sorted`, in TensorFlow's order of a heap. Rows of `values` and `indices`
/// (`index_size` 2, 4 or 8 bytes) have `k` elements. Returns false for a dtype without an order.
bool bnk_top_k(const void *input, void *values, void *indices, size_t rows, size_t columns, size_t k,
               int dtype, size_t index_size, bool sorted);

/// Counts elements that are not zero; -1 for a dtype it does not know.
int64_t bnk_count_nonzero(const void *input, size_t count, int dtype);

/// Writes the flat positions of elements that are not zero.
void bnk_nonzero_positions(const void *input, size_t count, int dtype, int64_t *positions);

/// What is not finite among floating elements: bit 0 NaN, bit 1 infinity, bit 2 minus infinity.
int bnk_nonfinite(const void *input, size_t count, int dtype);

#endif
