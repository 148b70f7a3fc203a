// Maxima of windows, where they are, and their gradients.
#include <string.h>

#include "bnk/threads.h"
#include "dtypes.h"
#include "window.h"

struct pooling {
  const struct bnk_nn_window *window;
  const void *input;
  void *output;
  const int64_t *positions;
  const void *value;
};

/// A comparison with NaN is false: a NaN never replaces the maximum.
#define MAX_POOL(DTYPE, SUFFIX, T, N, FROM, TO, LOWEST)                                          \
  static void max_pool_##SUFFIX(void *context, size_t begin, size_t end) {                       \
    const struct pooling *p = context;                                                           \
    const struct bnk_nn_window *w = p->window;                                                   \
    const ptrdiff_t c = w->channels, pixels = bnk_nn_pixels(w->out);                             \
    for (size_t i = begin; i < end; i++) {                                                       \
      ptrdiff_t at[3], first[3], last[3];                                                        \
      bnk_nn_split((ptrdiff_t)i % pixels, w->out, at);                                           \
      for (int d = 0; d < 3; d++) bnk_nn_range(w, d, at[d], &first[d], &last[d]);                \
      const T *image = (const T *)p->input + (ptrdiff_t)i / pixels * bnk_nn_pixels(w->in) * c;   \
      T *out = (T *)p->output + (ptrdiff_t)i * c;                                                \
      const T lowest = (T)TO(LOWEST);                                                            \
      for (ptrdiff_t k = 0; k < c; k++) out[k] = lowest;                                         \
      for (ptrdiff_t z = first[0]; z < last[0]; z++) {                                           \
        for (ptrdiff_t y = first[1]; y < last[1]; y++) {                                         \
          const T *in = image + ((z * w->in[1] + y) * w->in[2] + first[2]) * c;                  \
          for (ptrdiff_t x = first[2]; x < last[2]; x++, in += c) {                              \
            for (ptrdiff_t k = 0; k < c; k++) out[k] = FROM(in[k]) > FROM(out[k]) ? in[k] : out[k]; \
          }                                                                                      \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  static void argmax_##SUFFIX(void *context, size_t begin, size_t end) {                         \
    const struct pooling *p = context;                                                           \
    const struct bnk_nn_window *w = p->window;                                                   \
    const ptrdiff_t c = w->channels, pixels = bnk_nn_pixels(w->out);                             \
    for (size_t i = begin; i < end; i++) {                                                       \
      ptrdiff_t at[3], first[3], last[3];                                                        \
      bnk_nn_split((ptrdiff_t)i % pixels, w->out, at);                                           \
      for (int d = 0; d < 3; d++) bnk_nn_range(w, d, at[d], &first[d], &last[d]);                \
      const T *image = (const T *)p->input + (ptrdiff_t)i / pixels * bnk_nn_pixels(w->in) * c;   \
      int64_t *out = (int64_t *)p->output + (ptrdiff_t)i * c;                                    \
      for (ptrdiff_t k = 0; k < c; k++) out[k] = -1;                                             \
      for (ptrdiff_t z = first[0]; z < last[0]; z++) {                                           \
        for (ptrdiff_t y = first[1]; y < last[1]; y++) {                                         \
          for (ptrdiff_t x = first[2]; x < last[2]; x++) {                                       \
            const ptrdiff_t pixel = (z * w->in[1] + y) * w->in[2] + x;                           \
            for (ptrdiff_t k = 0; k < c; k++) {                                                  \
              if (out[k] < 0 || FROM(image[pixel * c + k]) > FROM(image[out[k] * c + k])) {      \
                out[k] = pixel;                                                                  \
              }                                                                                  \
            }                                                                                    \
          }                                                                                      \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  static void match_##SUFFIX(void *context, size_t begin, size_t end) {                          \
    const struct pooling *p = context;                                                           \
    const struct bnk_nn_window *w = p->window;                                                   \
    const ptrdiff_t c = w->channels, pixels = bnk_nn_pixels(w->out);                             \
    for (size_t i = begin; i < end; i++) {                                                       \
      ptrdiff_t at[3], first[3], last[3];                                                        \
      bnk_nn_split((ptrdiff_t)i % pixels, w->out, at);                                           \
      for (int d = 0; d < 3; d++) bnk_nn_range(w, d, at[d], &first[d], &last[d]);                \
      const T *image = (const T *)p->input + (ptrdiff_t)i / pixels * bnk_nn_pixels(w->in) * c;   \
      const T *value = (const T *)p->value + (ptrdiff_t)i * c;                                   \
      int64_t *out = (int64_t *)p->output + (ptrdiff_t)i * c;                                    \
      for (ptrdiff_t k = 0; k < c; k++) out[k] = -1;                                             \
      for (ptrdiff_t z = first[0]; z < last[0]; z++) {                                           \
        for (ptrdiff_t y = first[1]; y < last[1]; y++) {                                         \
          for (ptrdiff_t x = first[2]; x < last[2]; x++) {                                       \
            const ptrdiff_t pixel = (z * w->in[1] + y) * w->in[2] + x;                           \
            for (ptrdiff_t k = 0; k < c; k++) {                                                  \
              if (out[k] < 0 && FROM(image[pixel * c + k]) == FROM(value[k])) out[k] = pixel;    \
            }                                                                                    \
          }                                                                                      \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  static void scatter_##SUFFIX(void *context, size_t begin, size_t end) {                        \
    const struct pooling *p = context;                                                           \
    const struct bnk_nn_window *w = p->window;                                                   \
    const ptrdiff_t c = w->channels, in = bnk_nn_pixels(w->in), out = bnk_nn_pixels(w->out);     \
    for (size_t i = begin; i < end; i++) {                                                       \
      T *target = (T *)p->output + (ptrdiff_t)i * in * c;                                        \
      const T *gradient = (const T *)p->input + (ptrdiff_t)i * out * c;                          \
      const int64_t *positions = p->positions + (ptrdiff_t)i * out * c;                          \
      memset(target, 0, (size_t)(in * c) * sizeof(T));                                           \
      for (ptrdiff_t o = 0; o < out * c; o += c) {                                               \
        for (ptrdiff_t k = 0; k < c; k++) {                                                      \
          const int64_t pixel = positions[o + k];                                                \
          if (pixel < 0 || pixel >= in) continue;                                                \
          T *place = target + pixel * c + k;                                                     \
          *place = (T)TO((N)(FROM(*place) + FROM(gradient[o + k])));                             \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
  }

BNK_NN_REAL_TYPES(MAX_POOL)

static size_t window_work(const struct bnk_nn_window *w) {
  return (size_t)(bnk_nn_pixels(w->kernel) * w->channels);
}

void bnk_nn_max_pool(enum bnk_dtype dtype, const struct bnk_nn_window *w, const void *input,
                     void *output) {
  struct pooling p = {.window = w, .input = input, .output = output};
  const size_t count = (size_t)(w->batch * bnk_nn_pixels(w->out));
  bnk_range_fn fn = NULL;
#define CASE(DTYPE, SUFFIX, T, N, FROM, TO, LOWEST) \
  case DTYPE: fn = max_pool_##SUFFIX; break;
  switch (dtype) {
    BNK_NN_REAL_TYPES(CASE)
    default: return;
  }
#undef CASE
  bnk_parallel_for(count, bnk_nn_grain(window_work(w)), fn, &p);
}

void bnk_nn_max_pool_argmax(enum bnk_dtype dtype, const struct bnk_nn_window *w,
                            const void *input, int64_t *positions) {
  struct pooling p = {.window = w, .input = input, .output = positions};
  const size_t count = (size_t)(w->batch * bnk_nn_pixels(w->out));
  bnk_range_fn fn = NULL;
#define CASE(DTYPE, SUFFIX, T, N, FROM, TO, LOWEST) \
  case DTYPE: fn = argmax_##SUFFIX; break;
  switch (dtype) {
    BNK_NN_REAL_TYPES(CASE)
    default: return;
  }
#undef CASE
  bnk_parallel_for(count, bnk_nn_grain(window_work(w)), fn, &p);
}

void bnk_nn_max_pool_match(enum bnk_dtype dtype, const struct bnk_nn_window *w, const void *input,
                           const void *value, int64_t *positions) {
  struct pooling p = {.window = w, .input = input, .output = positions, .value = value};
  const size_t count = (size_t)(w->batch * bnk_nn_pixels(w->out));
  bnk_range_fn fn = NULL;
#define CASE(DTYPE, SUFFIX, T, N, FROM, TO, LOWEST) \
  case DTYPE: fn = match_##SUFFIX; break;
  switch (dtype) {
    BNK_NN_REAL_TYPES(CASE)
    default: return;
  }
#undef CASE
  bnk_parallel_for(count, bnk_nn_grain(window_work(w)), fn, &p);
}

void bnk_nn_max_pool_scatter(enum bnk_dtype dtype, const struct bnk_nn_window *w,
                             const int64_t *positions, const void *gradient, void *target) {
  struct pooling p = {.window = w, .input = gradient, .output = target, .positions = positions};
  bnk_range_fn fn = NULL;
#define CASE(DTYPE, SUFFIX, T, N, FROM, TO, LOWEST) \
  case DTYPE: fn = scatter_##SUFFIX; break;
  switch (dtype) {
    BNK_NN_REAL_TYPES(CASE)
    default: return;
  }
#undef CASE
  bnk_parallel_for((size_t)w->batch, 1, fn, &p);
}

struct taking {
  size_t size, out, in, channels;
  const int64_t *positions;
  const char *gradient;
  char *target;
};

static void take(void *context, size_t begin, size_t end) {
  const struct taking *t = context;
  for (size_t i = begin; i < end; i++) {
    const size_t image = i / (t->out * t->channels), channel = i % t->channels;
    const int64_t pixel = t->positions[i];
    char *target = t->target + i * t->size;
    if (pixel < 0 || (size_t)pixel >= t->in) {
      memset(target, 0, t->size);
      continue;
    }
    const size_t source = (image * t->in + (size_t)pixel) * t->channels + channel;
    memcpy(target, t->gradient + source * t->size, t->size);
  }
}

void bnk_nn_max_pool_take(size_t size, const struct bnk_nn_window *w, const int64_t *positions,
                          const void *gradient, void *target) {
  struct taking t = {size,      (size_t)bnk_nn_pixels(w->out), (size_t)bnk_nn_pixels(w->in),
                     (size_t)w->channels, positions, gradient, target};
  bnk_parallel_for((size_t)w->batch * t.out * t.channels, 8192, take, &t);
}
