#ifndef BNK_NN_WINDOW_H
#define BNK_NN_WINDOW_H
#include "bnk/nn_generic.h"

static inline ptrdiff_t bnk_nn_pixels(const ptrdiff_t size[3]) {
  return size[0] * size[1] * size[2];
}

/// Positions of pixel number `pixel` of an image of this size.
static inline void bnk_nn_split(ptrdiff_t pixel, const ptrdiff_t size[3], ptrdiff_t at[3]) {
  at[2] = pixel % size[2];
  at[1] = pixel / size[2] % size[1];
  at[0] = pixel / size[2] / size[1];
}

/// The range of input positions [first, last) that window `position` covers (dilation 1).
static inline void bnk_nn_range(const struct bnk_nn_window *w, int dimension, ptrdiff_t position,
                                ptrdiff_t *first, ptrdiff_t *last) {
  const ptrdiff_t start = position * w->stride[dimension] - w->pad[dimension];
  const ptrdiff_t end = start + w->kernel[dimension];
  *first = start < 0 ? 0 : start;
  *last = end > w->in[dimension] ? w->in[dimension] : end;
}

/// The range of windows [first, last) along a dimension that cover input position `position`.
static inline void bnk_nn_covering(const struct bnk_nn_window *w, int dimension,
                                   ptrdiff_t position, ptrdiff_t *first, ptrdiff_t *last) {
  const ptrdiff_t shifted = position + w->pad[dimension];
  const ptrdiff_t least = shifted - w->kernel[dimension] + 1;
  *first = least <= 0 ? 0 : (least + w->stride[dimension] - 1) / w->stride[dimension];
  *last = shifted / w->stride[dimension] + 1;
  if (*last > w->out[dimension]) *last = w->out[dimension];
}

/// Calls of a kernel that makes `count` results of `work` operations each.
static inline size_t bnk_nn_grain(size_t work) { return 1 + 32768 / (work + 1); }

#endif
