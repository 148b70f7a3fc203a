// A template (see tier.h): bit access, rounding and the 16-bit floats, written without branches so
// that loops over them vectorise.

BNK_INLINE uint32_t f32_bits(float x) {
  uint32_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

BNK_INLINE float f32_from_bits(uint32_t u) {
  float x;
  memcpy(&x, &u, sizeof x);
  return x;
}

BNK_INLINE uint64_t f64_bits(double x) {
  uint64_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

BNK_INLINE double f64_from_bits(uint64_t u) {
  double x;
  memcpy(&x, &u, sizeof x);
  return x;
}

#if BNK_FAST_FMA
#define FMA(a, b, c) __builtin_fmaf((a), (b), (c))
#define FMAD(a, b, c) __builtin_fma((a), (b), (c))
#else
#define FMA(a, b, c) ((a) * (b) + (c))
#define FMAD(a, b, c) ((a) * (b) + (c))
#endif

#if BNK_FAST_ROUND
BNK_INLINE float rint_f32(float x) { return __builtin_rintf(x); }
BNK_INLINE float floor_f32(float x) { return __builtin_floorf(x); }
BNK_INLINE float ceil_f32(float x) { return __builtin_ceilf(x); }
BNK_INLINE float trunc_f32(float x) { return __builtin_truncf(x); }
BNK_INLINE double rint_f64(double x) { return __builtin_rint(x); }
BNK_INLINE double floor_f64(double x) { return __builtin_floor(x); }
BNK_INLINE double ceil_f64(double x) { return __builtin_ceil(x); }
BNK_INLINE double trunc_f64(double x) { return __builtin_trunc(x); }
#else
// Adding and subtracting 2^23 leaves the nearest integer, ties to even.
BNK_INLINE float rint_f32(float x) {
  const float a = __builtin_fabsf(x);
  const float r = __builtin_copysignf((a + 0x1p23f) - 0x1p23f, x);
  return a < 0x1p23f ? r : x;
}
BNK_INLINE float floor_f32(float x) {
  const float r = rint_f32(x);
  return r > x ? r - 1.0f : r;
}
BNK_INLINE float ceil_f32(float x) {
  const float r = rint_f32(x);
  return __builtin_copysignf(r < x ? r + 1.0f : r, x);
}
BNK_INLINE float trunc_f32(float x) {
  const float a = __builtin_fabsf(x);
  return __builtin_copysignf(floor_f32(a), x);
}
BNK_INLINE double rint_f64(double x) {
  const double a = __builtin_fabs(x);
  const double r = __builtin_copysign((a + 0x1p52) - 0x1p52, x);
  return a < 0x1p52 ? r : x;
}
BNK_INLINE double floor_f64(double x) {
  const double r = rint_f64(x);
  return r > x ? r - 1.0 : r;
}
BNK_INLINE double ceil_f64(double x) {
  const double r = rint_f64(x);
  return __builtin_copysign(r < x ? r + 1.0 : r, x);
}
BNK_INLINE double trunc_f64(double x) {
  const double a = __builtin_fabs(x);
  return __builtin_copysign(floor_f64(a), x);
}
#endif

/// Storage of a half or bfloat16.
typedef uint16_t half_bits;
typedef uint16_t bf16_bits;

#if BNK_FAST_HALF
BNK_INLINE float f32_from_half(half_bits h) {
  _Float16 x;
  memcpy(&x, &h, sizeof x);
  return (float)x;
}
BNK_INLINE half_bits half_from_f32(float f) {
  const _Float16 x = (_Float16)f;
  half_bits h;
  memcpy(&h, &x, sizeof h);
  return h;
}
#else
BNK_INLINE float f32_from_half(half_bits h) {
  const uint32_t sign = (uint32_t)(h & 0x8000) << 16, rest = (uint32_t)(h & 0x7fff) << 13;
  const uint32_t normal = rest + (112u << 23);
  const uint32_t special = rest | 0x7f800000u;
  // A denormal is its mantissa as an integer, times 2^-24.
  const float tiny = (float)(int32_t)(h & 0x3ff) * 0x1p-24f;
  uint32_t u = rest >= 0x0f800000u ? special : normal;
  u = rest < 0x00800000u ? f32_bits(tiny) : u;
  return f32_from_bits(u | sign);
}
BNK_INLINE half_bits half_from_f32(float f) {
  const uint32_t u = f32_bits(f), sign = (u >> 16) & 0x8000, a = u & 0x7fffffff;
  const uint32_t nan = 0x7e00;
  const uint32_t normal = (a - (112u << 23) + 0xfff + ((a >> 13) & 1)) >> 13;
  // Adding 0.5 puts the rounded denormal into the lowest bits of the mantissa.
  const uint32_t tiny = f32_bits(f32_from_bits(a) + 0.5f) - 0x3f000000u;
  uint32_t h = a < 0x38800000u ? tiny : normal;
  h = a >= 0x477ff000u ? 0x7c00u : h;
  h = a > 0x7f800000u ? nan : h;
  return (half_bits)(h | sign);
}
#endif

BNK_INLINE float f32_from_bf16(bf16_bits b) { return f32_from_bits((uint32_t)b << 16); }

BNK_INLINE bf16_bits bf16_from_f32(float f) {
  const uint32_t u = f32_bits(f);
  const uint32_t rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
  const uint32_t nan = (u >> 16 & 0x8000) | 0x7fc0;
  return (bf16_bits)((u & 0x7fffffff) > 0x7f800000u ? nan : rounded);
}
