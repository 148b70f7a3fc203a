// The vector vocabulary of a tier: BNK_V floats in a vector.
typedef float vf __attribute__((ext_vector_type(BNK_V)));
typedef int32_t vi __attribute__((ext_vector_type(BNK_V)));
typedef uint32_t vu __attribute__((ext_vector_type(BNK_V)));
typedef float vf_unaligned __attribute__((ext_vector_type(BNK_V), aligned(1), may_alias));

BNK_INLINE vf v_load(const float *from) { return *(const vf_unaligned *)from; }
BNK_INLINE void v_store(float *to, vf value) { *(vf_unaligned *)to = value; }
BNK_INLINE vf v_set1(float value) { return (vf)(value); }
BNK_INLINE vf v_zero(void) { return (vf)(0.0f); }

/// a * b + c, fused where the tier has it.
BNK_INLINE vf v_fma(vf a, vf b, vf c) {
#pragma clang fp contract(on)
  return a * b + c;
}

/// The greater of both; `b` if either is NaN.
BNK_INLINE vf v_max(vf a, vf b) {
#if BNK_TIER == 2
  return _mm512_max_ps(a, b);
#elif BNK_TIER == 1
  return _mm256_max_ps(a, b);
#elif defined(__x86_64__)
  return _mm_max_ps(a, b);
#else
  return a > b ? a : b;
#endif
}

/// The smaller of both; `b` if either is NaN.
BNK_INLINE vf v_min(vf a, vf b) {
#if BNK_TIER == 2
  return _mm512_min_ps(a, b);
#elif BNK_TIER == 1
  return _mm256_min_ps(a, b);
#elif defined(__x86_64__)
  return _mm_min_ps(a, b);
#else
  return a < b ? a : b;
#endif
}

#if BNK_TIER == 1
BNK_INLINE __m256i v_first(int count) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lane);
}
#endif

/// Loads the first `count` (0...BNK_V) floats and nothing beyond them; the rest is zero.
BNK_INLINE vf v_load_first(const float *from, int count) {
#if BNK_TIER == 2
  return _mm512_maskz_loadu_ps((__mmask16)_bzhi_u32(0xffff, (unsigned)count), from);
#elif BNK_TIER == 1
  return _mm256_maskload_ps(from, v_first(count));
#else
  vf value = v_zero();
  for (int i = 0; i < count; i++) value[i] = from[i];
  return value;
#endif
}

/// Stores the first `count` (0...BNK_V) floats and touches nothing beyond them.
BNK_INLINE void v_store_first(float *to, vf value, int count) {
#if BNK_TIER == 2
  _mm512_mask_storeu_ps(to, (__mmask16)_bzhi_u32(0xffff, (unsigned)count), value);
#elif BNK_TIER == 1
  _mm256_maskstore_ps(to, v_first(count), value);
#else
  for (int i = 0; i < count; i++) to[i] = value[i];
#endif
}

/// The sum of all lanes, added in a fixed order.
BNK_INLINE float v_sum(vf value) {
#if BNK_V == 16
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(value), _mm512_extractf32x8_ps(value, 1));
#elif BNK_V == 8
  const __m256 eight = value;
#endif
#if BNK_V >= 8
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
#else
  return (value[0] + value[2]) + (value[1] + value[3]);
#endif
}
