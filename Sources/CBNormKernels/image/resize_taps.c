#include <math.h>

#include "bnk/image_resize.h"

#pragma STDC FP_CONTRACT OFF

static int64_t clamp(int64_t x, int64_t size) { return x < 0 ? 0 : x >= size ? size - 1 : x; }

static float position(size_t i, float scale, int half_pixel) {
  const float x = (float)(int)i;
  return half_pixel ? (x + 0.5f) * scale - 0.5f : x * scale;
}

void bnk_lerp_taps(
    struct bnk_lerp *taps, size_t out_size, size_t in_size, float scale, int half_pixel) {
  for (size_t i = 0; i < out_size; i++) {
    const float x = position(i, scale, half_pixel), floor = floorf(x);
    taps[i].lower = (int32_t)clamp((int64_t)floor, (int64_t)in_size);
    taps[i].upper = (int32_t)clamp((int64_t)ceilf(x), (int64_t)in_size);
    taps[i].lerp = x - floor;
  }
}

enum { TABLE = 1 << 10 };

/// The cubic convolution kernel at distance x (inner) and 1 + x (outer), rounded to float.
static float inner(double a, int i) {
  const float x = (float)(i * 1.0 / TABLE);
  return (float)(((a + 2) * x - (a + 3)) * x * x + 1);
}
static float outer(double a, int i) {
  const float x = (float)((float)(i * 1.0 / TABLE) + 1.0);
  return (float)(((a * x - 5 * a) * x + 8 * a) * x - 4 * a);
}

void bnk_cubic_taps(
    struct bnk_cubic *taps, size_t out_size, size_t in_size, float scale, int half_pixel) {
  const double a = half_pixel ? -0.5 : -0.75;
  for (size_t i = 0; i < out_size; i++) {
    struct bnk_cubic *tap = &taps[i];
    const float x = position(i, scale, half_pixel);
    const int64_t first = (int64_t)floorf(x);
    const float delta = x - (float)first;
    const int offset = (int)lrintf(delta * TABLE);
    const float weights[4] = {
        outer(a, offset), inner(a, offset), inner(a, TABLE - offset), outer(a, TABLE - offset)};
    float sum = 0;
    for (int k = 0; k < 4; k++) {
      const int64_t at = first - 1 + k;
      tap->index[k] = (int32_t)clamp(at, (int64_t)in_size);
      // With half pixel centers what lies outside the image has no weight.
      tap->weight[k] = half_pixel && tap->index[k] != at ? 0.0f : weights[k];
      sum = k == 0 ? tap->weight[0] : sum + tap->weight[k];
    }
    if (half_pixel && fabsf(sum) >= 1000.0f * 0x1p-126f) {
      const float inverse = 1.0f / sum;
      for (int k = 0; k < 4; k++) tap->weight[k] *= inverse;
    }
  }
}

/// How much of cell `cell` lies in from..to.
static float covered(int64_t cell, float from, float to, float scale) {
  if ((float)cell < from) return (float)(cell + 1) > to ? scale : (float)(cell + 1) - from;
  return (float)(cell + 1) > to ? to - (float)cell : 1.0f;
}

void bnk_area_taps(struct bnk_area *taps, size_t out_size, float scale) {
  for (size_t i = 0; i < out_size; i++) {
    const float from = (float)(int64_t)i * scale, to = (float)(int64_t)(i + 1) * scale;
    taps[i].start = (int64_t)floorf(from);
    taps[i].end = (int64_t)ceilf(to);
    taps[i].first = covered(taps[i].start, from, to, scale);
    taps[i].last = covered(taps[i].end - 1, from, to, scale);
  }
}

void bnk_nearest_taps(
    int32_t *taps, size_t out_size, size_t in_size, float scale, int half_pixel,
    int align_corners) {
  for (size_t i = 0; i < out_size; i++) {
    const float x = (half_pixel ? (float)(int)i + 0.5f : (float)(int)i) * scale;
    taps[i] = (int32_t)clamp((int64_t)(align_corners ? roundf(x) : floorf(x)), (int64_t)in_size);
  }
}
