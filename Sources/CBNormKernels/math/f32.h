// A template (see tier.h): elementary functions of float, within about 1 ulp, without branches.
// Polynomials are minimax fits.

#define INF __builtin_inff()
#define QNAN __builtin_nanf("")

/// 2^n of an integer n that is given as the low bits of `n + 1.5 * 2^23`, in two steps, so that
/// the whole range from denormals to overflow is covered.
BNK_INLINE float scale_f32(float p, uint32_t bits) {
  const int32_t n = (int32_t)(bits - 0x4b400000u);
  const int32_t half = n >> 1;
  const float a = f32_from_bits((uint32_t)(half + 127) << 23);
  const float b = f32_from_bits((uint32_t)(n - half + 127) << 23);
  return p * a * b;
}

BNK_INLINE float exp_f32(float x) {
  float c = x > 89.0f ? 89.0f : x;
  c = c < -104.5f ? -104.5f : c;
  const float t = FMA(c, 1.442695041f, 12582912.0f);
  const float n = t - 12582912.0f;
  float r = FMA(n, -0.693359375f, c);
  r = FMA(n, 2.12194440e-4f, r);
  float p = 1.381443231e-3f;
  p = FMA(p, r, 8.368796669e-3f);
  p = FMA(p, r, 4.166839644e-2f);
  p = FMA(p, r, 1.666651964e-1f);
  p = FMA(p, r, 4.999999404e-1f);
  p = FMA(p, r * r, r) + 1.0f;
  return scale_f32(p, f32_bits(t));
}

BNK_INLINE float expm1_f32(float x) {
  float c = x > 89.0f ? 89.0f : x;
  c = c < -20.0f ? -20.0f : c;
  const float t = FMA(c, 1.442695041f, 12582912.0f);
  const float n = t - 12582912.0f;
  float r = FMA(n, -0.693359375f, c);
  r = FMA(n, 2.12194440e-4f, r);
  float p = 1.984616538e-4f;
  p = FMA(p, r, 1.394082443e-3f);
  p = FMA(p, r, 8.333388716e-3f);
  p = FMA(p, r, 4.166635871e-2f);
  p = FMA(p, r, 1.666666567e-1f);
  p = FMA(p, r, 5.000000000e-1f);
  p = FMA(p, r * r, r);
  // Half the scale, doubled at the end: 2^128 is no float.
  const float s = f32_from_bits((f32_bits(t) - 0x4b400000u + 126u) << 23);
  const float y = 2.0f * FMA(s, p, s - 0.5f);
  // Additions lose the sign of a zero.
  return __builtin_copysignf(n == 0.0f ? p : y, x);
}

/// log(m) + e log(2) for m = 1 + f near one, with `c` a small addition to the result.
BNK_INLINE float log_core_f32(float f, float e, float c) {
  const float s = f * f;
  float p = 6.746578217e-2f;
  p = FMA(p, f, -1.167565063e-1f);
  p = FMA(p, f, 1.188817993e-1f);
  p = FMA(p, f, -1.240558475e-1f);
  p = FMA(p, f, 1.421954930e-1f);
  p = FMA(p, f, -1.666799635e-1f);
  p = FMA(p, f, 2.000211924e-1f);
  p = FMA(p, f, -2.500000894e-1f);
  p = FMA(p, f, 3.333331347e-1f);
  p = FMA(p * f, s, c);
  p = FMA(e, -2.12194440e-4f, p);
  p = FMA(s, -0.5f, p);
  return FMA(e, 0.693359375f, f + p);
}

BNK_INLINE float log_f32(float x) {
  const int tiny = x < 0x1p-126f;
  const float y = tiny ? x * 0x1p23f : x;
  const uint32_t u = f32_bits(y) - 0x3f3504f3u;
  const float e = (float)((int32_t)u >> 23) - (tiny ? 23.0f : 0.0f);
  const float m = f32_from_bits((u & 0x007fffffu) + 0x3f3504f3u);
  float r = log_core_f32(m - 1.0f, e, 0.0f);
  r = x < INF ? r : x;
  r = x == 0.0f ? -INF : r;
  return x < 0.0f ? QNAN : r;
}

BNK_INLINE float log1p_f32(float x) {
  const float w = 1.0f + x;
  // What the sum lost.
  const float lost = x < 1.0f ? x - (w - 1.0f) : 1.0f - (w - x);
  const uint32_t u = f32_bits(w) - 0x3f3504f3u;
  const float e = (float)((int32_t)u >> 23);
  const float m = f32_from_bits((u & 0x007fffffu) + 0x3f3504f3u);
  float r = log_core_f32(m - 1.0f, e, lost / w);
  r = __builtin_fabsf(x) < 0x1p-25f ? x : r;
  r = x < INF ? r : x;
  r = x == -1.0f ? -INF : r;
  return x < -1.0f ? QNAN : r;
}

BNK_INLINE float tanh_f32(float x) {
  const float a = __builtin_fabsf(x), s = x * x;
  float p = 1.896141097e-3f;
  p = FMA(p, s, -7.883982733e-3f);
  p = FMA(p, s, 2.157141082e-2f);
  p = FMA(p, s, -5.392103642e-2f);
  p = FMA(p, s, 1.333298385e-1f);
  p = FMA(p, s, -3.333332539e-1f);
  p = FMA(p * s, a, a);
  const float e = exp_f32(2.0f * (a > 10.0f ? 10.0f : a));
  const float large = 1.0f - 2.0f / (e + 1.0f);
  const float r = __builtin_copysignf(a < 0.7f ? p : large, x);
  return x != x ? x : r;
}

/// 1 / (1 + exp(-x)) with the roundings of TensorFlow's Sigmoid: the square of exp(x / 2) over one
/// more, each product rounded before it is added.
BNK_INLINE float sigmoid_f32(float x) {
  const float below = x < 16.6355324f ? x : 16.6355324f;
  const float c = 0.5f * (below > -104.0f ? below : -104.0f);
  const float scaled = c * 1.442695041f;
  const float n = __builtin_floorf(scaled + 0.5f);
  const float high = n * -0.693359375f, low = n * 2.12194440e-4f;
  const float nearly = high + c;
  const float r = low + nearly, s = r * r;
  const float even = s * 4.1898667812e-2f, odd = s * 8.3347130567e-3f;
  const float p2 = even + 0.4999914169f, p3 = odd + 0.1666687727f;
  const float r3 = r * p3;
  const float q = r3 + p2;
  const float sq = s * q;
  const float p = sq + (r + 1.0f);
  const float root = p * f32_from_bits((uint32_t)((int32_t)n + 127) << 23);
  const float e = root * root;
  const float y = e / (1.0f + e);
  return x != x ? x : (x < -104.0f ? 0.0f : y);
}

/// x / (1 + exp(-x)) with the roundings of TensorFlow's fused swish: exp(-|x|) over one more, and what
/// is missing to one for a positive x.
BNK_INLINE float swish_f32(float x) {
  const float lowest = -87.33654785f, a = -__builtin_fabsf(x), c = a > lowest ? a : lowest;
  const float scaled = c * 1.442695041f;
  const float n = __builtin_floorf(scaled + 0.5f);
  const float r = FMA(-n, 0.6931471825f, c);
  float p = FMA(8.289290592e-3f, r, 4.189782217e-2f);
  p = FMA(p, r, 1.666765213e-1f);
  p = FMA(p, r, 4.999915063e-1f);
  p = FMA(p, r, 9.999997020e-1f);
  p = FMA(p, r, 1.0f);
  const float half = p * f32_from_bits((uint32_t)((int32_t)n + 126) << 23);
  const float e = a < lowest ? 0.0f : 2.0f * half;
  const float l = e / (e + 1.0f);
  return x != x ? x : x * (x > 0.0f ? 1.0f - l : l);
}

BNK_INLINE float softplus_f32(float x) {
  const float e = exp_f32(-__builtin_fabsf(x));
  const float r = (x > 0.0f ? x : 0.0f) + log1p_f32(e);
  return x != x ? x : r;
}

BNK_INLINE float erf_f32(float x) {
  const float a = __builtin_fabsf(x), s = x * x;
  float p = 8.324247756e-5f;
  p = FMA(p, s, -8.132137591e-4f);
  p = FMA(p, s, 5.200138781e-3f);
  p = FMA(p, s, -2.685906179e-2f);
  p = FMA(p, s, 1.128369048e-1f);
  p = FMA(p, s, -3.761263490e-1f);
  p = FMA(p, s, 1.283791661e-1f);
  p = FMA(p, x, x);
  const float t = a > 4.0f ? 4.0f : a;
  float q = 1.123143011e-5f;
  q = FMA(q, t, -3.228059504e-4f);
  q = FMA(q, t, 3.642473137e-3f);
  q = FMA(q, t, -2.376210503e-2f);
  q = FMA(q, t, 1.062369347e-1f);
  q = FMA(q, t, 6.351512671e-1f);
  q = FMA(q, t, 1.286485046e-1f);
  q = FMA(q, t, t);
  const float large = __builtin_copysignf(1.0f - exp_f32(-q), x);
  const float r = a < 0.93f ? p : large;
  return x != x ? x : r;
}

BNK_INLINE float rsqrt_f32(float x) { return 1.0f / __builtin_sqrtf(x); }

BNK_INLINE float elu_f32(float x) { return x < 0.0f ? expm1_f32(x) : x; }

#define SELU_SCALE 1.0507009873554804934193349852946
#define SELU_SCALE_ALPHA 1.7580993408473768599402175208123

BNK_INLINE float selu_f32(float x) {
  return x < 0.0f ? (float)SELU_SCALE_ALPHA * expm1_f32(x) : (float)SELU_SCALE * x;
}

BNK_INLINE float relu_f32(float x) { return x <= 0.0f ? 0.0f : x; }

BNK_INLINE float relu6_f32(float x) {
  const float r = x >= 6.0f ? 6.0f : x;
  return x <= 0.0f ? 0.0f : r;
}

BNK_INLINE float sign_f32(float x) {
  const float r = x > 0.0f ? 1.0f : (x < 0.0f ? -1.0f : 0.0f);
  return x != x ? x : r;
}

BNK_INLINE float gelu_f32(float x) {
  return 0.5f * x * (1.0f + erf_f32(x * 0.70710678f));
}
BNK_INLINE float gelu_tanh_f32(float x) {
  const float t = 0.79788456f * FMA(0.044715f * x * x, x, x);
  return 0.5f * x * (1.0f + tanh_f32(t));
}
BNK_INLINE float mish_f32(float x) { return x * tanh_f32(softplus_f32(x)); }
BNK_INLINE float hard_sigmoid_f32(float x) {
  return relu6_f32(x + 3.0f) * (1.0f / 6.0f);
}
BNK_INLINE float hard_swish_f32(float x) { return x * hard_sigmoid_f32(x); }
