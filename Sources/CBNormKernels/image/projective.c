#include <math.h>

#include "bnk/image_crop.h"
#include "bnk/threads.h"
#include "real_types.h"

#pragma STDC FP_CONTRACT OFF

static float clampf(float x, float limit) { return x < 0 ? 0 : x > limit ? limit : x; }

/// Whole periods in x, which may be NaN or huge.
static float whole(float x) { return (float)i64_from_f32(x); }

static float map(float x, int64_t size, enum bnk_fill fill) {
  const float last = (float)(size - 1);
  switch (fill) {
    case BNK_FILL_CONSTANT: return x;
    case BNK_FILL_NEAREST: return clampf(x, last);
    case BNK_FILL_REFLECT: {
      const float period = (float)(2 * size);
      if (x < 0) {
        if (size <= 1) {
          x = 0;
        } else {
          if (x < period) x = period * whole(-x / period) + x;
          x = x < (float)-size ? x + period : -x - 1;
        }
      } else if (x > last) {
        if (size <= 1) {
          x = 0;
        } else {
          x -= period * whole(x / period);
          if (x >= (float)size) x = period - x - 1;
        }
      }
      return clampf(x, last);
    }
    case BNK_FILL_WRAP: {
      if (x < 0) {
        x = size <= 1 ? 0 : x + (float)size * (whole(-x / last) + 1);
      } else if (x > last) {
        x = size <= 1 ? 0 : x - (float)size * whole(x / last);
      }
      return clampf(x, last);
    }
  }
  return x;
}

struct job {
  const void *in;
  void *out;
  const float *transforms;
  const struct bnk_projective *p;
};

#define PROJECT(DTYPE, suffix, T, TO, FROM)                                                     \
  static inline float read_##suffix(                                                            \
      const T *image, const struct bnk_projective *p, int64_t y, int64_t x, size_t c, T fill) { \
    if (y < 0 || y >= (int64_t)p->in_height || x < 0 || x >= (int64_t)p->in_width) {            \
      return TO(fill);                                                                          \
    }                                                                                           \
    return TO(image[((size_t)y * p->in_width + (size_t)x) * p->channels + c]);                  \
  }                                                                                             \
  static void project_##suffix(void *context, size_t begin, size_t end) {                       \
    const struct job *job = context;                                                            \
    const struct bnk_projective *p = job->p;                                                    \
    const size_t channels = p->channels;                                                        \
    const T fill = FROM(p->fill_value);                                                         \
    for (size_t i = begin; i < end; i++) {                                                      \
      const size_t b = i / p->out_height;                                                       \
      const float oy = (float)(int64_t)(i % p->out_height);                                     \
      const float *t = job->transforms + (p->shared ? 0 : 8 * b);                               \
      const T *image = (const T *)job->in + b * p->in_height * p->in_width * channels;          \
      T *out = (T *)job->out + i * p->out_width * channels;                                     \
      for (size_t j = 0; j < p->out_width; j++, out += channels) {                              \
        const float ox = (float)(int64_t)j;                                                     \
        const float projection = t[6] * ox + t[7] * oy + 1.0f;                                  \
        const float ix = (t[0] * ox + t[1] * oy + t[2]) / projection;                           \
        const float iy = (t[3] * ox + t[4] * oy + t[5]) / projection;                           \
        const float x = map(ix, (int64_t)p->in_width, p->fill);                                 \
        const float y = map(iy, (int64_t)p->in_height, p->fill);                                \
        if (projection == 0) {                                                                  \
          for (size_t c = 0; c < channels; c++) out[c] = fill;                                  \
        } else if (!p->bilinear) {                                                              \
          const int64_t ny = i64_from_f32(roundf(y)), nx = i64_from_f32(roundf(x));             \
          const int inside = ny >= 0 && ny < (int64_t)p->in_height && nx >= 0 &&                \
                             nx < (int64_t)p->in_width;                                         \
          const T *pixel =                                                                      \
              inside ? image + ((size_t)ny * p->in_width + (size_t)nx) * channels : NULL;       \
          for (size_t c = 0; c < channels; c++) out[c] = inside ? pixel[c] : fill;              \
        } else {                                                                                \
          const float yf = floorf(y), xf = floorf(x), yc = yf + 1, xc = xf + 1;                 \
          const int64_t y0 = i64_from_f32(yf), y1 = i64_from_f32(yc);                           \
          const int64_t x0 = i64_from_f32(xf), x1 = i64_from_f32(xc);                           \
          for (size_t c = 0; c < channels; c++) {                                               \
            const float upper = (xc - x) * read_##suffix(image, p, y0, x0, c, fill) +           \
                                (x - xf) * read_##suffix(image, p, y0, x1, c, fill);            \
            const float lower = (xc - x) * read_##suffix(image, p, y1, x0, c, fill) +           \
                                (x - xf) * read_##suffix(image, p, y1, x1, c, fill);            \
            out[c] = FROM((yc - y) * upper + (y - yf) * lower);                                 \
          }                                                                                     \
        }                                                                                       \
      }                                                                                         \
    }                                                                                           \
  }
BNK_REAL_TYPES(PROJECT)

void bnk_projective_transform(
    enum bnk_dtype dtype, const void *in, const float *transforms, void *out,
    const struct bnk_projective *transform) {
  struct job job = {in, out, transforms, transform};
  const size_t rows = transform->batch * transform->out_height;
  const size_t row = transform->out_width * transform->channels;
  switch (dtype) {
#define CASE(DTYPE, suffix, T, TO, FROM) \
  case DTYPE: bnk_parallel_for(rows, 1 + 4096 / (row ? row : 1), project_##suffix, &job); break;
    BNK_REAL_TYPES(CASE)
#undef CASE
    default: break;
  }
}
