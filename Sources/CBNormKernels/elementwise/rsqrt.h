// A template (see math/tier.h): 1 / sqrt(x) of floats as TensorFlow computes it, to the last bit,
// since the factors of a batch normalization reach every number of a network: groups of eight start
// from the processor's estimate and take one Newton step, what is left over divides.
#if defined(__x86_64__) && BNK_TIER > 0
#include <immintrin.h>

static void f32_rsqrt(const void *xv, void *yv, size_t n) {
#pragma STDC FP_CONTRACT OFF
  const float *x = xv;
  float *y = yv;
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256 v = _mm256_loadu_ps(x + i), estimate = _mm256_rsqrt_ps(v);
    const __m256 half = _mm256_mul_ps(estimate, _mm256_set1_ps(-0.5f));
    const __m256 square = _mm256_mul_ps(_mm256_mul_ps(v, estimate), estimate);
    const __m256 excess = _mm256_add_ps(square, _mm256_set1_ps(-1.0f));
    const __m256 better = _mm256_add_ps(_mm256_mul_ps(half, excess), estimate);
    // Zero and infinity make NaN of the step, but not of the estimate.
    const __m256 fails = _mm256_cmp_ps(better, better, _CMP_UNORD_Q);
    _mm256_storeu_ps(y + i, _mm256_blendv_ps(better, estimate, fails));
  }
  for (; i < n; i++) y[i] = 1.0f / __builtin_sqrtf(x[i]);
}
#else
UNARY_LOOP(f32_rsqrt, float, float, ID, ID, rsqrt_f32)
#endif
