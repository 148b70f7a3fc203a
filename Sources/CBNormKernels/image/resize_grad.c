// Gradients of resizing: each output gradient is scattered to the pixels it was made from, in the
// order of the output, so that sums come out as TensorFlow's. Images run in parallel.
#include <math.h>
#include <string.h>

#include "bnk/image_resize.h"
#include "bnk/threads.h"
#include "real_types.h"

#pragma STDC FP_CONTRACT OFF

struct job {
  const void *in;
  void *out;
  const struct bnk_resize *size;
  float y_scale, x_scale;
  int half_pixel;
  const void *ys, *xs;
};

static struct bnk_lerp tap(size_t i, float scale, int half_pixel, size_t limit) {
  const float x = half_pixel ? ((float)(int)i + 0.5f) * scale - 0.5f : (float)(int)i * scale;
  const float floor = floorf(x);
  const int64_t last = (int64_t)limit - 1;
  const int64_t lower = floor < 0 ? 0 : (int64_t)floor, upper = (int64_t)ceilf(x);
  return (struct bnk_lerp){
      (int32_t)(lower > last ? last : lower),
      (int32_t)(upper < 0 ? 0 : upper > last ? last : upper), x - floor};
}

#define BILINEAR(suffix, T)                                                                     \
  static void bilinear_##suffix(void *context, size_t begin, size_t end) {                      \
    const struct job *job = context;                                                            \
    const struct bnk_resize *size = job->size;                                                  \
    const size_t channels = size->channels, row = size->in_width * channels;                    \
    for (size_t b = begin; b < end; b++) {                                                      \
      const float *in =                                                                         \
          (const float *)job->in + b * size->out_height * size->out_width * channels;           \
      T *out = (T *)job->out + b * size->in_height * row;                                       \
      memset(out, 0, size->in_height * row * sizeof(T));                                        \
      for (size_t y = 0; y < size->out_height; y++) {                                           \
        const struct bnk_lerp ty = tap(y, job->y_scale, job->half_pixel, size->in_height);      \
        const float yl = ty.lerp, yi = 1.0f - yl;                                               \
        T *top = out + (size_t)ty.lower * row, *bottom = out + (size_t)ty.upper * row;          \
        for (size_t x = 0; x < size->out_width; x++, in += channels) {                          \
          const struct bnk_lerp tx = tap(x, job->x_scale, job->half_pixel, size->in_width);     \
          const float xl = tx.lerp, xi = 1.0f - xl;                                             \
          const size_t left = (size_t)tx.lower * channels, right = (size_t)tx.upper * channels; \
          for (size_t c = 0; c < channels; c++) {                                               \
            top[left + c] += (T)(in[c] * yi * xi);                                              \
            top[right + c] += (T)(in[c] * yi * xl);                                             \
            bottom[left + c] += (T)(in[c] * yl * xi);                                           \
            bottom[right + c] += (T)(in[c] * yl * xl);                                          \
          }                                                                                     \
        }                                                                                       \
      }                                                                                         \
    }                                                                                           \
  }                                                                                             \
  void bnk_resize_bilinear_grad_##suffix(                                                       \
      const float *in, T *out, const struct bnk_resize *size, float y_scale, float x_scale,     \
      int half_pixel) {                                                                         \
    struct job job = {                                                                          \
        .in = in, .out = out, .size = size, .y_scale = y_scale, .x_scale = x_scale,             \
        .half_pixel = half_pixel};                                                              \
    bnk_parallel_for(size->batch, 1, bilinear_##suffix, &job);                                  \
  }
BILINEAR(f32, float)
BILINEAR(f64, double)

#define BICUBIC(suffix, T)                                                                      \
  static void bicubic_##suffix(void *context, size_t begin, size_t end) {                       \
    const struct job *job = context;                                                            \
    const struct bnk_resize *size = job->size;                                                  \
    const struct bnk_cubic *ys = job->ys, *xs = job->xs;                                        \
    const size_t channels = size->channels, row = size->in_width * channels;                    \
    for (size_t b = begin; b < end; b++) {                                                      \
      const float *in =                                                                         \
          (const float *)job->in + b * size->out_height * size->out_width * channels;           \
      T *out = (T *)job->out + b * size->in_height * row;                                       \
      memset(out, 0, size->in_height * row * sizeof(T));                                        \
      for (size_t y = 0; y < size->out_height; y++) {                                           \
        for (size_t x = 0; x < size->out_width; x++) {                                          \
          for (size_t c = 0; c < channels; c++) {                                               \
            const T g = *in++;                                                                  \
            for (int k = 0; k < 4; k++) {                                                       \
              T *line = out + (size_t)ys[y].index[k] * row + c;                                 \
              for (int m = 0; m < 4; m++) {                                                     \
                line[(size_t)xs[x].index[m] * channels] +=                                      \
                    g * ys[y].weight[k] * xs[x].weight[m];                                      \
              }                                                                                 \
            }                                                                                   \
          }                                                                                     \
        }                                                                                       \
      }                                                                                         \
    }                                                                                           \
  }                                                                                             \
  void bnk_resize_bicubic_grad_##suffix(                                                        \
      const float *in, T *out, const struct bnk_resize *size, const struct bnk_cubic *ys,       \
      const struct bnk_cubic *xs) {                                                             \
    struct job job = {.in = in, .out = out, .size = size, .ys = ys, .xs = xs};                  \
    bnk_parallel_for(size->batch, 1, bicubic_##suffix, &job);                                   \
  }
BICUBIC(f32, float)
BICUBIC(f64, double)

#define ADD_PLAIN(T, a, b, TO, FROM) ((T)((a) + (b)))
#define ADD_SMALL(T, a, b, TO, FROM) (FROM(TO(a) + TO(b)))

#define NEAREST(suffix, T, ADD, TO, FROM)                                                       \
  static void nearest_##suffix(void *context, size_t begin, size_t end) {                       \
    const struct job *job = context;                                                            \
    const struct bnk_resize *size = job->size;                                                  \
    const int32_t *ys = job->ys, *xs = job->xs;                                                 \
    const size_t channels = size->channels, row = size->in_width * channels;                    \
    for (size_t b = begin; b < end; b++) {                                                      \
      const T *in = (const T *)job->in + b * size->out_height * size->out_width * channels;     \
      T *out = (T *)job->out + b * size->in_height * row;                                       \
      memset(out, 0, size->in_height * row * sizeof(T));                                        \
      for (size_t y = 0; y < size->out_height; y++) {                                           \
        for (size_t x = 0; x < size->out_width; x++, in += channels) {                          \
          T *pixel = out + (size_t)ys[y] * row + (size_t)xs[x] * channels;                      \
          for (size_t c = 0; c < channels; c++) pixel[c] = ADD(T, pixel[c], in[c], TO, FROM);   \
        }                                                                                       \
      }                                                                                         \
    }                                                                                           \
  }
NEAREST(f32, float, ADD_PLAIN, , )
NEAREST(f64, double, ADD_PLAIN, , )
NEAREST(u8, uint8_t, ADD_PLAIN, , )
NEAREST(u16, uint16_t, ADD_PLAIN, , )
NEAREST(u32, uint32_t, ADD_PLAIN, , )
NEAREST(u64, uint64_t, ADD_PLAIN, , )
NEAREST(f16, uint16_t, ADD_SMALL, f32_from_half, half_from_f32)
NEAREST(bf16, uint16_t, ADD_SMALL, f32_from_bf16, bf16_from_f32)

void bnk_resize_nearest_grad(
    enum bnk_dtype dtype, const void *in, void *out, const struct bnk_resize *size,
    const int32_t *ys, const int32_t *xs) {
  struct job job = {.in = in, .out = out, .size = size, .ys = ys, .xs = xs};
  bnk_range_fn fn;
  // Signed sums wrap as unsigned ones do.
  switch (dtype) {
    case BNK_FLOAT: fn = nearest_f32; break;
    case BNK_DOUBLE: fn = nearest_f64; break;
    case BNK_HALF: fn = nearest_f16; break;
    case BNK_BFLOAT16: fn = nearest_bf16; break;
    case BNK_INT8:
    case BNK_UINT8: fn = nearest_u8; break;
    case BNK_INT16:
    case BNK_UINT16: fn = nearest_u16; break;
    case BNK_INT32:
    case BNK_UINT32: fn = nearest_u32; break;
    case BNK_INT64:
    case BNK_UINT64: fn = nearest_u64; break;
    default: return;
  }
  bnk_parallel_for(size->batch, 1, fn, &job);
}
