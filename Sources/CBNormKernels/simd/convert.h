// Vectors of floats from and to the narrow types, which are stored as 16-bit integers.

typedef uint16_t vn __attribute__((ext_vector_type(BNK_V)));
typedef uint16_t vn_unaligned __attribute__((ext_vector_type(BNK_V), aligned(1), may_alias));

BNK_INLINE vn n_load(const uint16_t *from) { return *(const vn_unaligned *)from; }
BNK_INLINE void n_store(uint16_t *to, vn value) { *(vn_unaligned *)to = value; }

BNK_INLINE vn n_load_first(const uint16_t *from, int count) {
  uint16_t lanes[BNK_V] = {0};
  memcpy(lanes, from, (size_t)count * sizeof *from);
  return n_load(lanes);
}

BNK_INLINE void n_store_first(uint16_t *to, vn value, int count) {
  uint16_t lanes[BNK_V];
  n_store(lanes, value);
  memcpy(to, lanes, (size_t)count * sizeof *to);
}

BNK_INLINE vf v_from_bf16(vn bits) {
  const vu wide = __builtin_convertvector(bits, vu) << 16;
  return (vf)wide;
}

/// Rounds to nearest, ties to even; NaN stays NaN.
BNK_INLINE vn bf16_from_v(vf value) {
  const vu bits = (vu)value;
  const vu rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  const vu nan = (bits >> 16 & 0x8000) | 0x7fc0;
  const vu is_nan = (vu)(value != value);
  return __builtin_convertvector((rounded & ~is_nan) | (nan & is_nan), vn);
}

BNK_INLINE vf v_from_half(vn bits) {
#if BNK_TIER == 2
  return _mm512_cvtph_ps((__m256i)bits);
#elif BNK_TIER == 1
  return _mm256_cvtph_ps((__m128i)bits);
#else
  vf value;
  for (int i = 0; i < BNK_V; i++) value[i] = f32_from_half(bits[i]);
  return value;
#endif
}

BNK_INLINE vn half_from_v(vf value) {
#if BNK_TIER == 2
  return (vn)_mm512_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT);
#elif BNK_TIER == 1
  return (vn)_mm256_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT);
#else
  vn bits;
  for (int i = 0; i < BNK_V; i++) bits[i] = half_from_f32(value[i]);
  return bits;
#endif
}
