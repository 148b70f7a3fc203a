// A template (see math/tier.h): softmax over rows.

// Sums are taken in float over this many elements, and in double over the blocks.
#define BLOCK 256

BNK_INLINE int32_t ordered_bits(float x) {
  const int32_t bits = (int32_t)f32_bits(x);
  // NaN becomes the largest.
  const int32_t b = (bits & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits;
  return b ^ ((b >> 31) & 0x7fffffff);
}

#define ROW_SOFTMAX(name, T, load, store)                                                  \
  static void name(const void *xv, void *yv, size_t rows, size_t n, int logarithm) {       \
    const T *x = xv;                                                                       \
    T *y = yv;                                                                             \
    for (size_t r = 0; r < rows; r++, x += n, y += n) {                                    \
      int32_t top = INT32_MIN;                                                             \
      for (size_t i = 0; i < n; i++) {                                                     \
        const int32_t b = ordered_bits(load(x[i]));                                        \
        top = b > top ? b : top;                                                           \
      }                                                                                    \
      const float max = f32_from_bits((uint32_t)(top ^ ((top >> 31) & 0x7fffffff)));       \
      double sum = 0;                                                                      \
      for (size_t i = 0; i < n; i += BLOCK) {                                              \
        const size_t end = n - i < BLOCK ? n : i + BLOCK;                                  \
        sum += (double)name##_block(x, y, i, end, max, !logarithm);                        \
      }                                                                                    \
      if (logarithm) {                                                                     \
        const float shift = (float)log(sum);                                               \
        BNK_SIMD_LOOP                                                                      \
        for (size_t i = 0; i < n; i++) y[i] = store(((load(x[i]) - max) - shift));         \
      } else {                                                                             \
        const float scale = (float)(1.0 / sum);                                            \
        name##_scale(x, y, n, max, scale);                                                 \
      }                                                                                    \
    }                                                                                      \
  }

#define ID(x) (x)

// float keeps the exponentials in the output; the narrow types compute them again.
static float f32_block(const float *x, float *y, size_t begin, size_t end, float max, int keep) {
#pragma clang fp reassociate(on)
  float sum = 0;
  if (keep) {
#pragma clang loop vectorize(assume_safety)
    for (size_t i = begin; i < end; i++) {
      const float e = exp_f32(x[i] - max);
      y[i] = e;
      sum += e;
    }
  } else {
    for (size_t i = begin; i < end; i++) sum += exp_f32(x[i] - max);
  }
  return sum;
}

static void f32_scale(const float *x, float *y, size_t n, float max, float scale) {
  (void)x, (void)max;
  for (size_t i = 0; i < n; i++) y[i] *= scale;
}

ROW_SOFTMAX(f32, float, ID, ID)

#define NARROW(name, T, load, store)                                                       \
  static float name##_block(const T *x, T *y, size_t begin, size_t end, float max,         \
                            int keep) {                                                    \
    _Pragma("clang fp reassociate(on)") float sum = 0;                                     \
    (void)y, (void)keep;                                                                   \
    for (size_t i = begin; i < end; i++) sum += exp_f32(load(x[i]) - max);                 \
    return sum;                                                                            \
  }                                                                                        \
  static void name##_scale(const T *x, T *y, size_t n, float max, float scale) {           \
    BNK_SIMD_LOOP                                                                          \
    for (size_t i = 0; i < n; i++) y[i] = store(exp_f32(load(x[i]) - max) * scale);        \
  }                                                                                        \
  ROW_SOFTMAX(name, T, load, store)

NARROW(half, half_bits, f32_from_half, half_from_f32)
NARROW(bf16, bf16_bits, f32_from_bf16, bf16_from_f32)

static void f64(const void *xv, void *yv, size_t rows, size_t n, int logarithm) {
  const double *x = xv;
  double *y = yv;
  for (size_t r = 0; r < rows; r++, x += n, y += n) {
    double max = n ? x[0] : 0, sum = 0;
    for (size_t i = 0; i < n; i++) max = x[i] > max || x[i] != x[i] ? x[i] : max;
    for (size_t i = 0; i < n; i++) {
      const double e = exp(x[i] - max);
      sum += e;
      if (!logarithm) y[i] = e;
    }
    const double shift = log(sum);
    for (size_t i = 0; i < n; i++) y[i] = logarithm ? (x[i] - max) - shift : y[i] / sum;
  }
}

const bnk_softmax_fn BNK_NAME(bnk_softmax_table)[4] = {f32, half, bf16, f64};
