#include "bnk/dtype.h"
#include "bnk/quantization.h"
#include "bnk/threads.h"
#include "rounding.h"

#define GRAIN 16384

// What the x86 instructions give where a value does not fit.
static inline int32_t to_i32(float x) {
  return x >= -2147483648.0f && x < 2147483648.0f ? (int32_t)x : INT32_MIN;
}

static inline int32_t to_wide(float x) {
  const int64_t wide =
      x >= -9223372036854775808.0f && x < 9223372036854775808.0f ? (int64_t)x : INT64_MIN;
  return (int32_t)(uint32_t)(uint64_t)wide;
}

#define TYPES(F)                                                                                  \
  F(BNK_QINT8, int8_t)                                                                            \
  F(BNK_QUINT8, uint8_t)                                                                          \
  F(BNK_QINT16, int16_t)                                                                          \
  F(BNK_QUINT16, uint16_t)                                                                        \
  F(BNK_QINT32, int32_t)

static void dequantize_run(int dtype, const void *x, size_t from, float *y, size_t n,
                           struct bnk_affine a) {
  switch (dtype) {
#define CASE(code, type)                                                                          \
  case code: {                                                                                    \
    const type *p = (const type *)x + from;                                                       \
    for (size_t i = 0; i < n; i++) y[i] = ((float)p[i] + a.pre) * a.scale + a.post;               \
    break;                                                                                        \
  }
    TYPES(CASE)
#undef CASE
    default: break;
  }
}

static inline float step(float x, struct bnk_quantizer q, enum bnk_rounding rounding) {
  const float t = (clamp_f32(x, q.low, q.high) - q.pre) * q.scale + q.mid;
  return clamp_f32(round_f32(t, rounding) + q.post, q.lower, q.upper);
}

static inline void quantize_some(int dtype, const float *x, void *y, size_t to, size_t n,
                                 struct bnk_quantizer q, enum bnk_rounding rounding, bool wide) {
  switch (dtype) {
#define CASE(code, type)                                                                          \
  case code: {                                                                                    \
    type *p = (type *)y + to;                                                                     \
    if (wide)                                                                                     \
      for (size_t i = 0; i < n; i++) p[i] = (type)to_wide(step(x[i], q, rounding));               \
    else                                                                                          \
      for (size_t i = 0; i < n; i++) p[i] = (type)to_i32(step(x[i], q, rounding));                \
    break;                                                                                        \
  }
    TYPES(CASE)
#undef CASE
    default: break;
  }
}

static void quantize_run(int dtype, const float *x, void *y, size_t to, size_t n,
                         struct bnk_quantizer q, enum bnk_rounding rounding, bool wide) {
  switch (rounding) {
    case BNK_ROUND_EVEN: quantize_some(dtype, x, y, to, n, q, BNK_ROUND_EVEN, wide); break;
    case BNK_ROUND_AWAY: quantize_some(dtype, x, y, to, n, q, BNK_ROUND_AWAY, wide); break;
    case BNK_ROUND_UP: quantize_some(dtype, x, y, to, n, q, BNK_ROUND_UP, wide); break;
    default: quantize_some(dtype, x, y, to, n, q, BNK_ROUND_NOT, wide); break;
  }
}

struct job {
  int from, to;
  const void *x;
  void *y;
  struct bnk_channels channels;
  const struct bnk_affine *affine;
  const struct bnk_quantizer *quantizer;
  enum bnk_rounding rounding;
  bool wide;
};

// Ranges are of elements when there is one channel, else of runs of `inner` elements.
static void dequantize_range(void *context, size_t begin, size_t end) {
  const struct job *job = context;
  const struct bnk_channels c = job->channels;
  if (c.depth == 1) {
    dequantize_run(job->from, job->x, begin, (float *)job->y + begin, end - begin, *job->affine);
    return;
  }
  for (size_t r = begin; r < end; r++) {
    dequantize_run(job->from, job->x, r * c.inner, (float *)job->y + r * c.inner, c.inner,
                   job->affine[r % c.depth]);
  }
}

static void quantize_range(void *context, size_t begin, size_t end) {
  const struct job *job = context;
  const struct bnk_channels c = job->channels;
  const float *x = job->x;
  if (c.depth == 1) {
    quantize_run(job->to, x + begin, job->y, begin, end - begin, *job->quantizer, job->rounding,
                 job->wide);
    return;
  }
  for (size_t r = begin; r < end; r++) {
    quantize_run(job->to, x + r * c.inner, job->y, r * c.inner, c.inner,
                 job->quantizer[r % c.depth], job->rounding, job->wide);
  }
}

static void run(struct job *job, bnk_range_fn fn) {
  const struct bnk_channels c = job->channels;
  if (c.outer == 0 || c.depth == 0 || c.inner == 0) return;
  if (c.depth == 1) {
    bnk_parallel_for(c.outer * c.inner, GRAIN, fn, job);
  } else {
    bnk_parallel_for(c.outer * c.depth, 1 + GRAIN / c.inner, fn, job);
  }
}

void bnk_dequantize(int dtype, const void *x, float *y, struct bnk_channels channels,
                    const struct bnk_affine *affine) {
  struct job job = {.from = dtype, .x = x, .y = y, .channels = channels, .affine = affine};
  run(&job, dequantize_range);
}

void bnk_quantize(int dtype, const float *x, void *y, struct bnk_channels channels,
                  const struct bnk_quantizer *quantizer, enum bnk_rounding rounding, bool wide) {
  struct job job = {.to = dtype, .x = x, .y = y, .channels = channels, .quantizer = quantizer,
                    .rounding = rounding, .wide = wide};
  run(&job, quantize_range);
}

static void requantize_range(void *context, size_t begin, size_t end) {
  const struct job *job = context;
  float block[512];
  for (size_t i = begin; i < end; i += 512) {
    const size_t n = end - i < 512 ? end - i : 512;
    dequantize_run(job->from, job->x, i, block, n, *job->affine);
    quantize_run(job->to, block, job->y, i, n, *job->quantizer, BNK_ROUND_AWAY, false);
  }
}

void bnk_requantize(int from, const void *x, int to, void *y, size_t count,
                    struct bnk_affine affine, struct bnk_quantizer quantizer) {
  struct job job = {.from = from, .to = to, .x = x, .y = y, .affine = &affine,
                    .quantizer = &quantizer};
  bnk_parallel_for(count, GRAIN, requantize_range, &job);
}

void bnk_requantize_fixed(const int32_t *x, uint8_t *y, size_t count, int64_t multiplier,
                          int64_t offset) {
  for (size_t i = 0; i < count; i++) {
    const int64_t product = (int64_t)((uint64_t)(int64_t)x[i] * (uint64_t)multiplier);
    const int64_t v = (int64_t)((uint64_t)(product >> 32) + (uint64_t)offset) >> 16;
    y[i] = v < 0 ? 0 : v > 255 ? 255 : (uint8_t)v;
  }
}

static inline int64_t integer_at(int dtype, const void *x, size_t i) {
  switch (dtype) {
#define CASE(code, type)                                                                          \
  case code: return ((const type *)x)[i];
    TYPES(CASE)
#undef CASE
    default: return 0;
  }
}

void bnk_rescale(int from, const void *x, int to, void *y, struct bnk_channels channels,
                 const struct bnk_fixed_scale *scales) {
  for (size_t r = 0; r < channels.outer * channels.depth; r++) {
    const struct bnk_fixed_scale s = scales[r % channels.depth];
    const int64_t half = (int64_t)1 << (s.shift - 1);
    for (size_t i = r * channels.inner; i < (r + 1) * channels.inner; i++) {
      const int32_t v = (int32_t)((uint32_t)integer_at(from, x, i) - (uint32_t)s.zero);
      int64_t t = ((int64_t)v * s.multiplier + half) >> s.shift;
      t = t < INT32_MIN ? INT32_MIN : t > INT32_MAX ? INT32_MAX : t;
      int32_t out = (int32_t)((uint32_t)t + (uint32_t)s.offset);
      out = out > s.high ? s.high : out;
      out = out < s.low ? s.low : out;
      switch (to) {
#define CASE(code, type)                                                                          \
  case code: ((type *)y)[i] = (type)out; break;
        TYPES(CASE)
#undef CASE
        default: break;
      }
    }
  }
}

void bnk_widen(int dtype, const void *x, int32_t *y, struct bnk_channels channels,
               const int32_t *zeros) {
  for (size_t r = 0; r < channels.outer * channels.depth; r++) {
    const uint32_t zero = (uint32_t)zeros[r % channels.depth];
    const size_t from = r * channels.inner;
    switch (dtype) {
#define CASE(code, type)                                                                          \
  case code:                                                                                      \
    for (size_t i = 0; i < channels.inner; i++)                                                   \
      y[from + i] = (int32_t)((uint32_t)((const type *)x)[from + i] - zero);                      \
    break;
      TYPES(CASE)
#undef CASE
      default: break;
    }
  }
}
