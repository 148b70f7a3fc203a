// A template (see tier.h): float functions that are evaluated in double precision, so that their
// error stays near half an ulp.

BNK_INLINE float sin_f32(float x) {
  uint64_t q;
  const float r = (float)reduce_f64((double)x, &q);
  const float s = r * r;
  float a = 2.724914793e-6f;
  a = FMA(a, s, -1.984008122e-4f);
  a = FMA(a, s, 8.333331905e-3f);
  a = FMA(a, s, -1.666666716e-1f);
  a = __builtin_copysignf(FMA(a * s, r, r), r);
  float b = 2.443221092e-5f;
  b = FMA(b, s, -1.388730831e-3f);
  b = FMA(b, s, 4.166664556e-2f);
  b = FMA(b, s, -0.5f);
  b = FMA(b, s, 1.0f);
  const uint32_t k = (uint32_t)q;
  const float y = (k & 1) ? b : a;
  return f32_from_bits(f32_bits(y) ^ ((k & 2) << 30));
}

BNK_INLINE float cos_f32(float x) {
  uint64_t q;
  const float r = (float)reduce_f64((double)x, &q);
  const float s = r * r;
  float a = 2.724914793e-6f;
  a = FMA(a, s, -1.984008122e-4f);
  a = FMA(a, s, 8.333331905e-3f);
  a = FMA(a, s, -1.666666716e-1f);
  a = FMA(a * s, r, r);
  float b = 2.443221092e-5f;
  b = FMA(b, s, -1.388730831e-3f);
  b = FMA(b, s, 4.166664556e-2f);
  b = FMA(b, s, -0.5f);
  b = FMA(b, s, 1.0f);
  const uint32_t k = (uint32_t)q + 1;
  const float y = (k & 1) ? b : a;
  return f32_from_bits(f32_bits(y) ^ ((k & 2) << 30));
}

BNK_INLINE float tan_f32(float x) {
  uint64_t q;
  const double r = reduce_f64((double)x, &q);
  const double s = sin_core_f64(r), c = cos_core_f64(r);
  const int odd = (int)((uint32_t)q & 1);
  return (float)((odd ? -c : s) / (odd ? s : c));
}

BNK_INLINE float sinh_f32(float x) { return (float)sinh_f64((double)x); }

BNK_INLINE float cosh_f32(float x) {
  const double a = (double)__builtin_fabsf(x);
  const double e = exp_f64(a > 200.0 ? 200.0 : a);
  return (float)(0.5 * (e + 1.0 / e));
}

BNK_INLINE float atan_f32(float x) { return (float)atan_f64((double)x); }

BNK_INLINE float asin_f32(float x) {
  const double d = (double)x;
  const float r = (float)atan_f64(d / __builtin_sqrt((1.0 - d) * (1.0 + d)));
  return __builtin_fabsf(x) <= 1.0f ? r : QNAN;
}

BNK_INLINE float acos_f32(float x) {
  const double d = (double)x;
  const float r = (float)(2.0 * atan_f64(__builtin_sqrt((1.0 - d) / (1.0 + d))));
  return __builtin_fabsf(x) <= 1.0f ? r : QNAN;
}

BNK_INLINE float asinh_f32(float x) {
  const double d = (double)x, a = __builtin_fabs(d), s = d * d;
  const float r = (float)log1p_f64(a + s / (1.0 + __builtin_sqrt(s + 1.0)));
  return a < (double)INF ? __builtin_copysignf(r, x) : x;
}

BNK_INLINE float acosh_f32(float x) {
  const double t = (double)x - 1.0;
  const float r = (float)log1p_f64(t + __builtin_sqrt(t * (t + 2.0)));
  const float y = x < INF ? r : x;
  return x < 1.0f ? QNAN : y;
}

BNK_INLINE float atanh_f32(float x) {
  const double a = (double)__builtin_fabsf(x);
  const float r = (float)(0.5 * log1p_f64(2.0 * a / (1.0 - a)));
  const float y = a == 1.0 ? INF : r;
  return a <= 1.0 ? __builtin_copysignf(y, x) : QNAN;
}

BNK_INLINE float atan2_f32(float y, float x) {
  const double ay = (double)__builtin_fabsf(y), ax = (double)__builtin_fabsf(x);
  const int both_zero = ax == 0.0 && ay == 0.0, both_inf = ax == ay && ax > 0x1p200;
  double ratio = ay / ax;
  ratio = both_zero ? 0.0 : ratio;
  ratio = both_inf ? 1.0 : ratio;
  const double t = atan_f64(ratio);
  const double r = f32_bits(x) >> 31 ? 3.14159265358979323846 - t : t;
  return __builtin_copysignf((float)r, y);
}

BNK_INLINE float pow_f32(float x, float y) {
  const float a = __builtin_fabsf(x);
  const double e = (double)y * log_f64((double)a);
  float r = (float)exp_f64(e);
  // 0 and infinity have no logarithm.
  const float up = y > 0.0f ? a : 1.0f / a;
  r = (a == 0.0f || a == INF) ? up : r;
  // Infinite exponents.
  const float ye = (a < 1.0f) == (y > 0.0f) ? 0.0f : INF;
  r = __builtin_fabsf(y) == INF ? (a == 1.0f ? 1.0f : ye) : r;
  // A negative base needs an integer, and the odd ones keep the sign.
  const float t = trunc_f32(y), h = y * 0.5f;
  const int odd = t == y && trunc_f32(h) != h && __builtin_fabsf(y) < 0x1p24f;
  const int negative = (int)(f32_bits(x) >> 31);
  r = (negative && odd) ? -r : r;
  r = (x < 0.0f && t != y && a < INF) ? QNAN : r;
  r = (x != x || y != y) ? QNAN : r;
  return (y == 0.0f || x == 1.0f) ? 1.0f : r;
}

/// exp(-x * x) times a function that varies slowly, fitted to 2e-9 in (|x| - 3) / (|x| + 3).
BNK_INLINE float erfc_f32(float x) {
  const double d = (double)__builtin_fabsf(x), a = d > 10.5 ? 10.5 : d;
  const double t = (a - 3.0) / (a + 3.0);
  double p = -0.00026718060352214242;
  p = FMAD(p, t, -0.00077512016347333103);
  p = FMAD(p, t, 0.0020033519871382414);
  p = FMAD(p, t, 0.0025665623188628013);
  p = FMAD(p, t, -0.023798537875234217);
  p = FMAD(p, t, 0.068295749869342809);
  p = FMAD(p, t, -0.11927079556517549);
  p = FMAD(p, t, 0.12964643369368642);
  p = FMAD(p, t, -0.047562409653309413);
  p = FMAD(p, t, -0.1356211401335197);
  p = FMAD(p, t, 1.2530080592155621);
  const double y = p / (1.0 + 2.0 * a) * exp_f64(-a * a);
  const float r = (float)(x < 0.0f ? 2.0 - y : y);
  return x != x ? x : r;
}
