#ifndef BNK_QUANTIZATION_ROUNDING_H
#define BNK_QUANTIZATION_ROUNDING_H

#include "bnk/quantization.h"

#include <math.h>

// Without calls, so that loops over them become vector code.

static inline float even_f32(float x) {
  const float big = 8388608.0f, a = fabsf(x);
  const float r = (a + big) - big;
  return a < big ? copysignf(r, x) : x;
}

static inline double even_f64(double x) {
  const double big = 4503599627370496.0, a = fabs(x);
  const double r = (a + big) - big;
  return a < big ? copysign(r, x) : x;
}

static inline float away_f32(float x) {
  const float a = fabsf(x);
  if (!(a < 8388608.0f)) return x;
  const float r = (float)(int32_t)(a + 0.49999997f);
  return copysignf(r, x);
}

static inline float floor_f32(float x) {
  const float r = even_f32(x);
  return r > x ? r - 1.0f : r;
}

static inline double floor_f64(double x) {
  const double r = even_f64(x);
  return r > x ? r - 1.0 : r;
}

static inline float round_f32(float x, enum bnk_rounding rounding) {
  switch (rounding) {
    case BNK_ROUND_EVEN: return even_f32(x);
    case BNK_ROUND_AWAY: return away_f32(x);
    case BNK_ROUND_UP: return floor_f32(x + 0.5f);
    default: return x;
  }
}

static inline double round_f64(double x, enum bnk_rounding rounding) {
  return rounding == BNK_ROUND_UP ? floor_f64(x + 0.5) : even_f64(x);
}

// A NaN passes through.
static inline float clamp_f32(float x, float low, float high) {
  const float y = high < x ? high : x;
  return y < low ? low : y;
}

static inline double clamp_f64(double x, double low, double high) {
  const double y = high < x ? high : x;
  return y < low ? low : y;
}

#endif
