#include "activation.h"

#include <string.h>

#include "bnk/cpu.h"
#include "bnk/threads.h"

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

struct activating {
  enum bnk_activation activation;
  float alpha, beta;
  const float *x;
  float *y;
};

/// Copies as much as the first cache holds, then works on the copy.
static void activate_range(void *context, size_t begin, size_t end) {
  const struct activating *a = context;
  const size_t block = 2048;
  for (size_t i = begin; i < end; i += block) {
    const size_t count = end - i < block ? end - i : block;
    if (a->x != a->y) memcpy(a->y + i, a->x + i, count * sizeof(float));
    bnk_activate_rows_f32(a->activation, a->alpha, a->beta, 1, count, a->y + i, 0);
  }
}

void bnk_activate_f32(enum bnk_activation activation, float alpha, float beta, size_t count,
                      const float *x, float *y) {
  struct activating a = {activation, alpha, beta, x, y};
  bnk_parallel_for(count, 8192, activate_range, &a);
}
