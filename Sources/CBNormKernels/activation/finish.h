// What is left of an epilogue after the kernels proper.
#ifndef BNK_FINISH_H
#define BNK_FINISH_H

#include <math.h>

#include "bnk/epilogue.h"

/// The bounds that stand for the activation; returns whether they do not, so that it has to be
/// applied afterwards, and the bounds are infinite.
static inline bool bnk_activation_bounds(const struct bnk_epilogue *e, float *low, float *high) {
  *low = -INFINITY;
  *high = INFINITY;
  switch (e->activation) {
    case BNK_ACT_NONE: return false;
    case BNK_ACT_RELU: *low = 0; return false;
    case BNK_ACT_RELU6: *low = 0, *high = 6; return false;
    case BNK_ACT_CLAMP: *low = e->alpha, *high = e->beta; return false;
    default: return true;
  }
}

/// Applies the activation if `activate`, and adds the residual if that comes after it.
static inline void bnk_finish_rows(const struct bnk_epilogue *e, bool activate,
                                   const float *residual, float *c, size_t ldc, size_t rows,
                                   size_t n) {
  if (activate) bnk_activate_rows_f32(e->activation, e->alpha, e->beta, rows, n, c, ldc);
  if (!e->residual || !e->residual_after_activation) return;
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < n; j++) c[i * ldc + j] += residual[i * e->residual_stride + j];
  }
}

#endif
