#include "bnk/image_color.h"

#include <math.h>
#include <stdint.h>

#include "bnk/threads.h"
#include "real_types.h"

#pragma STDC FP_CONTRACT OFF

struct job {
  const void *in;
  void *out;
  float value;
};

#define PLAIN(x) (x)

// Every intermediate value is rounded to the dtype: R(x) rounds, TO and FROM read and write.
#define CONVERT(suffix, T, C, TO, FROM, R)                                                     \
  static void rgb_to_hsv_##suffix(void *context, size_t begin, size_t end) {                   \
    const struct job *job = context;                                                           \
    const T *in = (const T *)job->in + 3 * begin;                                              \
    T *out = (T *)job->out + 3 * begin;                                                        \
    const C sixth = R((C)1 / (C)6), two = R((C)2 / (C)6), four = R((C)4 / (C)6);               \
    for (size_t i = begin; i < end; i++, in += 3, out += 3) {                                  \
      const C r = TO(in[0]), g = TO(in[1]), b = TO(in[2]);                                     \
      C v = r > g ? r : g, low = r < g ? r : g;                                                \
      v = v > b ? v : b;                                                                       \
      low = low < b ? low : b;                                                                 \
      const C range = R(v - low);                                                              \
      const C s = v > 0 ? R(range / v) : 0;                                                    \
      const C norm = R(R((C)1 / range) * sixth);                                               \
      C h = r == v   ? R(norm * R(g - b))                                                      \
            : g == v ? R(R(norm * R(b - r)) + two)                                             \
                     : R(R(norm * R(r - g)) + four);                                           \
      h = range > 0 ? h : 0;                                                                   \
      h = h < 0 ? R(h + 1) : h;                                                                \
      out[0] = FROM(h);                                                                        \
      out[1] = FROM(s);                                                                        \
      out[2] = FROM(v);                                                                        \
    }                                                                                          \
  }                                                                                            \
  static inline C unit_##suffix(C x) {                                                         \
    x = x < 0 ? 0 : x;                                                                         \
    return x > 1 ? 1 : x;                                                                      \
  }                                                                                            \
  static inline C abs_##suffix(C x) { return x < 0 ? -x : x; }                                 \
  static void hsv_to_rgb_##suffix(void *context, size_t begin, size_t end) {                   \
    const struct job *job = context;                                                           \
    const T *in = (const T *)job->in + 3 * begin;                                              \
    T *out = (T *)job->out + 3 * begin;                                                        \
    for (size_t i = begin; i < end; i++, in += 3, out += 3) {                                  \
      const C h = TO(in[0]), s = TO(in[1]), v = TO(in[2]);                                     \
      const C dh = R(h * 6), one_s = R(-s + 1);                                                \
      const C dr = unit_##suffix(R(abs_##suffix(R(dh - 3)) - 1));                              \
      const C dg = unit_##suffix(R(-abs_##suffix(R(dh - 2)) + 2));                             \
      const C db = unit_##suffix(R(-abs_##suffix(R(dh - 4)) + 2));                             \
      out[0] = FROM(R(R(one_s + R(s * dr)) * v));                                              \
      out[1] = FROM(R(R(one_s + R(s * dg)) * v));                                              \
      out[2] = FROM(R(R(one_s + R(s * db)) * v));                                              \
    }                                                                                          \
  }
#define ROUND_HALF(x) f32_from_half(half_from_f32(x))
#define ROUND_BF16(x) f32_from_bf16(bf16_from_f32(x))
CONVERT(f32, float, float, PLAIN, PLAIN, PLAIN)
CONVERT(f64, double, double, PLAIN, PLAIN, PLAIN)
CONVERT(f16, uint16_t, float, f32_from_half, half_from_f32, ROUND_HALF)
CONVERT(bf16, uint16_t, float, f32_from_bf16, bf16_from_f32, ROUND_BF16)

#define DISPATCH(name)                                                                  \
  void bnk_##name(enum bnk_dtype dtype, const void *in, void *out, size_t count) {      \
    struct job job = {in, out, 0};                                                      \
    switch (dtype) {                                                                    \
      case BNK_FLOAT: bnk_parallel_for(count, 8192, name##_f32, &job); break;           \
      case BNK_DOUBLE: bnk_parallel_for(count, 8192, name##_f64, &job); break;          \
      case BNK_HALF: bnk_parallel_for(count, 4096, name##_f16, &job); break;            \
      case BNK_BFLOAT16: bnk_parallel_for(count, 4096, name##_bf16, &job); break;       \
      default: break;                                                                   \
    }                                                                                   \
  }
DISPATCH(rgb_to_hsv)
DISPATCH(hsv_to_rgb)

/// Largest, middle and smallest channel by sextant of the hue.
static const unsigned char order[6][3] = {
    {0, 1, 2}, {1, 0, 2}, {1, 2, 0}, {2, 1, 0}, {2, 0, 1}, {0, 2, 1}};

static int sextant(float r, float g, float b) {
  if (r < g) return b < r ? 1 : b > g ? 3 : 2;
  return b < g ? 0 : b > r ? 4 : 5;
}

static void hue_range(void *context, size_t begin, size_t end) {
  const struct job *job = context;
  const float *in = (const float *)job->in + 3 * begin;
  float *out = (float *)job->out + 3 * begin;
  for (size_t i = begin; i < end; i++, in += 3, out += 3) {
    const float rgb[3] = {in[0], in[1], in[2]};
    int k = sextant(rgb[0], rgb[1], rgb[2]);
    const float high = rgb[order[k][0]], middle = rgb[order[k][1]], low = rgb[order[k][2]];
    float hue = 0;
    if (high != low) {
      const float ratio = (middle - low) / (high - low);
      hue = (float)k + ((k & 1) == 0 ? ratio : 1 - ratio);
    }
    hue += job->value * 6;
    // Near the range as a rule; far from it in one step, so that any delta ends.
    if (!(hue > -4096 && hue < 4096)) hue = fmodf(hue, 6);
    while (hue < 0) hue += 6;
    while (hue >= 6) hue -= 6;
    k = i32_from_f32(hue);
    float ratio = hue - (float)k;
    if (k & 1) ratio = 1 - ratio;
    const float mixed = low + ratio * (high - low);
    if (k < 0 || k > 5) k = 5;
    out[order[k][0]] = high;
    out[order[k][1]] = mixed;
    out[order[k][2]] = low;
  }
}

void bnk_adjust_hue(const float *in, float *out, size_t count, float delta) {
  struct job job = {in, out, delta};
  bnk_parallel_for(count, 4096, hue_range, &job);
}

static void saturation_range(void *context, size_t begin, size_t end) {
  const struct job *job = context;
  const float *in = (const float *)job->in + 3 * begin;
  float *out = (float *)job->out + 3 * begin;
  for (size_t i = begin; i < end; i++, in += 3, out += 3) {
    const float r = in[0], g = in[1], b = in[2];
    const float gb = g < b ? b : g, low_gb = b < g ? b : g;
    const float v = r < gb ? gb : r, range = v - (low_gb < r ? low_gb : r);
    float s = v > 0 ? range / v : 0;
    const float norm = 1.0f / (6.0f * range);
    float h;
    if (r == v) {
      h = norm * (g - b);
    } else if (g == v) {
      h = (float)(norm * (b - r) + 2.0 / 6.0);
    } else {
      h = (float)(norm * (r - g) + 4.0 / 6.0);
    }
    if (range <= 0) h = 0;
    if (h < 0) h += 1;
    s *= job->value;
    s = s > 0 ? s : 0;
    s = s < 1 ? s : 1;
    const float c = s * v, m = v - c, dh = h * 6;
    const int k = i32_from_f32(dh);
    float part = dh;
    if (part <= 0) part += 2;
    while (part >= 2) part -= 2;
    const float distance = part - 1 < 0 ? 1 - part : part - 1;
    const float x = c * (1 - distance);
    float rgb[3] = {0, 0, 0};
    if (k >= 0 && k < 6) {
      rgb[order[k][0]] = c;
      rgb[order[k][1]] = x;
    }
    for (int j = 0; j < 3; j++) out[j] = rgb[j] + m;
  }
}

void bnk_adjust_saturation(const float *in, float *out, size_t count, float scale) {
  struct job job = {in, out, scale};
  bnk_parallel_for(count, 4096, saturation_range, &job);
}

struct contrast {
  const float *in;
  float *out;
  size_t pixels, channels;
  float factor;
};

static void contrast_images(void *context, size_t begin, size_t end) {
  const struct contrast *job = context;
  const size_t channels = job->channels, plane = job->pixels * channels;
  for (size_t image = begin; image < end; image++) {
    const float *in = job->in + image * plane;
    float *out = job->out + image * plane;
    // Sums by folding the plane in halves; it stays in `out`, whose first pixel becomes the mean.
    const float *from = in;
    for (size_t remaining = job->pixels; remaining > 1 || from == in;) {
      const size_t right = remaining / 2, left = remaining - right;
      for (size_t i = 0; i < right * channels; i++) out[i] = from[i + left * channels] + from[i];
      if (from == in && left > right) {
        for (size_t c = 0; c < channels; c++) out[right * channels + c] = in[right * channels + c];
      }
      from = out;
      remaining = left;
    }
    const float scale = 1.0f / (float)(int64_t)job->pixels;
    for (size_t c = 0; c < channels; c++) out[c] *= scale;
    for (size_t i = plane; i-- > channels;) {
      const float mean = out[i % channels];
      out[i] = mean + (in[i] - mean) * job->factor;
    }
    for (size_t c = 0; c < channels; c++) out[c] += (in[c] - out[c]) * job->factor;
  }
}

void bnk_adjust_contrast(
    const float *in, float *out, size_t batch, size_t pixels, size_t channels, float factor) {
  if (pixels == 0 || channels == 0) return;
  struct contrast job = {in, out, pixels, channels, factor};
  bnk_parallel_for(batch, 1, contrast_images, &job);
}
