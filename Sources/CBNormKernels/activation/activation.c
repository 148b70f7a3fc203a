#include "activation.h"

#include "bnk/cpu.h"

void bnk_activate_rows_f32(enum bnk_activation activation, float alpha, float beta, size_t rows,
                           size_t n, float *x, size_t stride) {
#if defined(__x86_64__)
  switch (bnk_tier()) {
    case BNK_TIER_AVX512:
      bnk_activate__avx512(activation, alpha, beta, rows, n, x, stride);
      return;
    case BNK_TIER_AVX2:
      bnk_activate__avx2(activation, alpha, beta, rows, n, x, stride);
      return;
    default: break;
  }
#endif
  bnk_activate__portable(activation, alpha, beta, rows, n, x, stride);
}
