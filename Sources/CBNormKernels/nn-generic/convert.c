// Half and bfloat16 to float and back, rounding to nearest even.
#include "bnk/cpu.h"
#include "bnk/nn_generic.h"
#include "bnk/threads.h"
#include "half.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

struct conversion {
  const void *source;
  void *target;
};

#if defined(__x86_64__)
__attribute__((target("avx2,f16c"))) static void half_to_float_avx2(void *context, size_t begin,
                                                                    size_t end) {
  const struct conversion *c = context;
  const uint16_t *source = c->source;
  float *target = c->target;
  size_t i = begin;
  for (; i + 8 <= end; i += 8) {
    _mm256_storeu_ps(target + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(source + i))));
  }
  for (; i < end; i++) target[i] = bnk_nn_from_half(source[i]);
}

__attribute__((target("avx2,f16c"))) static void float_to_half_avx2(void *context, size_t begin,
                                                                    size_t end) {
  const struct conversion *c = context;
  const float *source = c->source;
  uint16_t *target = c->target;
  size_t i = begin;
  for (; i + 8 <= end; i += 8) {
    const __m128i half =
        _mm256_cvtps_ph(_mm256_loadu_ps(source + i), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128((__m128i *)(target + i), half);
  }
  for (; i < end; i++) target[i] = bnk_nn_to_half(source[i]);
}
#endif

static void half_to_float_range(void *context, size_t begin, size_t end) {
  const struct conversion *c = context;
  for (size_t i = begin; i < end; i++) {
    ((float *)c->target)[i] = bnk_nn_from_half(((const uint16_t *)c->source)[i]);
  }
}

static void float_to_half_range(void *context, size_t begin, size_t end) {
  const struct conversion *c = context;
  for (size_t i = begin; i < end; i++) {
    ((uint16_t *)c->target)[i] = bnk_nn_to_half(((const float *)c->source)[i]);
  }
}

static void bfloat_to_float_range(void *context, size_t begin, size_t end) {
  const struct conversion *c = context;
  for (size_t i = begin; i < end; i++) {
    ((float *)c->target)[i] = bnk_nn_from_bfloat(((const uint16_t *)c->source)[i]);
  }
}

static void float_to_bfloat_range(void *context, size_t begin, size_t end) {
  const struct conversion *c = context;
  for (size_t i = begin; i < end; i++) {
    ((uint16_t *)c->target)[i] = bnk_nn_to_bfloat(((const float *)c->source)[i]);
  }
}

static void convert(const void *source, void *target, size_t count, bnk_range_fn portable,
                    bnk_range_fn avx2) {
  struct conversion c = {source, target};
  const int fast = avx2 && bnk_tier() >= BNK_TIER_AVX2;
  bnk_parallel_for(count, 1 << 15, fast ? avx2 : portable, &c);
}

#if !defined(__x86_64__)
#define half_to_float_avx2 NULL
#define float_to_half_avx2 NULL
#endif

void bnk_nn_half_to_float(const void *source, float *target, size_t count) {
  convert(source, target, count, half_to_float_range, half_to_float_avx2);
}

void bnk_nn_float_to_half(const float *source, void *target, size_t count) {
  convert(source, target, count, float_to_half_range, float_to_half_avx2);
}

void bnk_nn_bfloat16_to_float(const void *source, float *target, size_t count) {
  convert(source, target, count, bfloat_to_float_range, NULL);
}

void bnk_nn_float_to_bfloat16(const float *source, void *target, size_t count) {
  convert(source, target, count, float_to_bfloat_range, NULL);
}
