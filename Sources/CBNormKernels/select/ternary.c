#define BNK_TIER 0
#include "../math/tier.h"

#include "../math/scalar.h"
#include "../special/special.h"
#include "bnk/select.h"

#define ID(x) (x)

#define CLIP(T, C, load, store)                                                     \
  {                                                                                 \
    const T *x = xv, *low = lowv, *high = highv;                                    \
    T *y = yv;                                                                      \
    if (!low_step && !high_step) {                                                  \
      const C l = load(low[0]), h = load(high[0]);                                  \
      for (size_t i = 0; i < n; i++) {                                              \
        const C v = load(x[i]);                                                     \
        const C w = v < l ? l : v;                                                  \
        y[i] = (T)store((w > h ? h : w));                                           \
      }                                                                             \
    } else {                                                                        \
      for (size_t i = 0; i < n; i++) {                                              \
        const C v = load(x[i]), l = load(low[i * low_step]);                        \
        const C h = load(high[i * high_step]), w = v < l ? l : v;                   \
        y[i] = (T)store((w > h ? h : w));                                           \
      }                                                                             \
    }                                                                               \
    return 1;                                                                       \
  }

int bnk_clip(enum bnk_dtype dtype, const void *xv, const void *lowv, size_t low_step,
             const void *highv, size_t high_step, void *yv, size_t n) {
  switch (dtype) {
    case BNK_FLOAT: CLIP(float, float, ID, ID)
    case BNK_DOUBLE: CLIP(double, double, ID, ID)
    case BNK_HALF: CLIP(half_bits, float, f32_from_half, half_from_f32)
    case BNK_BFLOAT16: CLIP(bf16_bits, float, f32_from_bf16, bf16_from_f32)
    case BNK_INT8:
    case BNK_QINT8: CLIP(int8_t, int8_t, ID, ID)
    case BNK_INT16: CLIP(int16_t, int16_t, ID, ID)
    case BNK_INT32:
    case BNK_QINT32: CLIP(int32_t, int32_t, ID, ID)
    case BNK_INT64: CLIP(int64_t, int64_t, ID, ID)
    case BNK_UINT8:
    case BNK_QUINT8: CLIP(uint8_t, uint8_t, ID, ID)
    case BNK_UINT16: CLIP(uint16_t, uint16_t, ID, ID)
    case BNK_UINT32: CLIP(uint32_t, uint32_t, ID, ID)
    case BNK_UINT64: CLIP(uint64_t, uint64_t, ID, ID)
    default: return 0;
  }
}

void bnk_betainc_loop(enum bnk_dtype dtype, const void *av, size_t a_step, const void *bv,
                      size_t b_step, const void *xv, size_t x_step, void *yv, size_t n) {
  if (dtype == BNK_DOUBLE) {
    const double *a = av, *b = bv, *x = xv;
    double *y = yv;
    for (size_t i = 0; i < n; i++) y[i] = bnk_betainc(a[i * a_step], b[i * b_step], x[i * x_step]);
  } else {
    const float *a = av, *b = bv, *x = xv;
    float *y = yv;
    for (size_t i = 0; i < n; i++) {
      y[i] = (float)bnk_betainc((double)a[i * a_step], (double)b[i * b_step],
                                (double)x[i * x_step]);
    }
  }
}
