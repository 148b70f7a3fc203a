#ifndef BNK_TRANSPOSE_H
#define BNK_TRANSPOSE_H

#include <stddef.h>

/// Rows of the target that are worked on together.
#define BNK_TRANSPOSE_TILE 64

/// dst[j, i] = src[i, j] for `rows` j and `columns` i. The target is contiguous along i, its rows
/// lie `dst_stride` bytes apart; the source is contiguous along j, its rows `src_stride` apart.
void bnk_transpose_plane(char *dst, const char *src, size_t rows, size_t columns,
                         ptrdiff_t dst_stride, ptrdiff_t src_stride, size_t size);

#endif
