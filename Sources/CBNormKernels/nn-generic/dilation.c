// Grey-scale dilation: the largest sum of a pixel and the filter's tap, and its gradients.
#include <string.h>

#include "bnk/threads.h"
#include "dtypes.h"
#include "window.h"

struct dilating {
  const struct bnk_nn_window *window;
  const void *input, *filter, *gradient;
  void *target;
};

/// Finds for output `i` and channel `k` the largest sum; where it is goes to `*y`, `*x` (image) and
/// `*ky`, `*kx` (filter), which stay as they are if no sum exceeds the lowest value.
#define DILATION(DTYPE, SUFFIX, T, N, FROM, TO, LOWEST)                                          \
  static T largest_##SUFFIX(const struct dilating *p, ptrdiff_t i, ptrdiff_t k, ptrdiff_t *y,    \
                            ptrdiff_t *x, ptrdiff_t *ky, ptrdiff_t *kx) {                        \
    const struct bnk_nn_window *w = p->window;                                                   \
    const ptrdiff_t c = w->channels, ox = i % w->out[2], oy = i / w->out[2] % w->out[1];         \
    const T *image =                                                                             \
        (const T *)p->input + i / w->out[2] / w->out[1] * w->in[1] * w->in[2] * c;               \
    const ptrdiff_t y0 = oy * w->stride[1] - w->pad[1], x0 = ox * w->stride[2] - w->pad[2];      \
    T best = (T)TO(LOWEST);                                                                      \
    *y = y0 < 0 ? 0 : y0;                                                                        \
    *x = x0 < 0 ? 0 : x0;                                                                        \
    *ky = *kx = 0;                                                                               \
    for (ptrdiff_t a = 0; a < w->kernel[1]; a++) {                                               \
      const ptrdiff_t row = y0 + a * w->dilation[1];                                             \
      if (row < 0 || row >= w->in[1]) continue;                                                  \
      for (ptrdiff_t b = 0; b < w->kernel[2]; b++) {                                             \
        const ptrdiff_t column = x0 + b * w->dilation[2];                                        \
        if (column < 0 || column >= w->in[2]) continue;                                          \
        const T pixel = image[(row * w->in[2] + column) * c + k];                                \
        const T tap = ((const T *)p->filter)[(a * w->kernel[2] + b) * c + k];                    \
        const T sum = (T)TO((N)(FROM(pixel) + FROM(tap)));                                       \
        if (FROM(sum) > FROM(best)) {                                                            \
          best = sum;                                                                            \
          *y = row;                                                                              \
          *x = column;                                                                           \
          *ky = a;                                                                               \
          *kx = b;                                                                               \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
    return best;                                                                                 \
  }                                                                                              \
  static void dilate_##SUFFIX(void *context, size_t begin, size_t end) {                         \
    const struct dilating *p = context;                                                          \
    const ptrdiff_t c = p->window->channels;                                                     \
    ptrdiff_t y, x, ky, kx;                                                                      \
    for (size_t i = begin; i < end; i++) {                                                       \
      for (ptrdiff_t k = 0; k < c; k++) {                                                        \
        ((T *)p->target)[(ptrdiff_t)i * c + k] =                                                 \
            largest_##SUFFIX(p, (ptrdiff_t)i, k, &y, &x, &ky, &kx);                              \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  /* One channel a task: neighbouring windows meet in a pixel. */                                \
  static void to_input_##SUFFIX(void *context, size_t begin, size_t end) {                       \
    const struct dilating *p = context;                                                          \
    const struct bnk_nn_window *w = p->window;                                                   \
    const ptrdiff_t c = w->channels, outputs = w->batch * w->out[1] * w->out[2];                 \
    T *target = p->target;                                                                       \
    ptrdiff_t y, x, ky, kx;                                                                      \
    for (ptrdiff_t k = (ptrdiff_t)begin; k < (ptrdiff_t)end; k++) {                              \
      for (ptrdiff_t i = 0; i < w->batch * w->in[1] * w->in[2]; i++) target[i * c + k] = 0;      \
      for (ptrdiff_t i = 0; i < outputs; i++) {                                                  \
        largest_##SUFFIX(p, i, k, &y, &x, &ky, &kx);                                             \
        if (y >= w->in[1] || x >= w->in[2]) continue;                                            \
        const ptrdiff_t image = i / w->out[2] / w->out[1];                                       \
        T *place = target + ((image * w->in[1] + y) * w->in[2] + x) * c + k;                     \
        *place = (T)TO((N)(FROM(*place) + FROM(((const T *)p->gradient)[i * c + k])));           \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  static void to_filter_##SUFFIX(void *context, size_t begin, size_t end) {                      \
    const struct dilating *p = context;                                                          \
    const struct bnk_nn_window *w = p->window;                                                   \
    const ptrdiff_t c = w->channels, outputs = w->batch * w->out[1] * w->out[2];                 \
    T *target = p->target;                                                                       \
    ptrdiff_t y, x, ky, kx;                                                                      \
    for (ptrdiff_t k = (ptrdiff_t)begin; k < (ptrdiff_t)end; k++) {                              \
      for (ptrdiff_t i = 0; i < w->kernel[1] * w->kernel[2]; i++) target[i * c + k] = 0;         \
      for (ptrdiff_t i = 0; i < outputs; i++) {                                                  \
        largest_##SUFFIX(p, i, k, &y, &x, &ky, &kx);                                             \
        T *place = target + (ky * w->kernel[2] + kx) * c + k;                                    \
        *place = (T)TO((N)(FROM(*place) + FROM(((const T *)p->gradient)[i * c + k])));           \
      }                                                                                          \
    }                                                                                            \
  }

BNK_NN_REAL_TYPES(DILATION)

#define CHOOSE(KIND)                                \
  bnk_range_fn fn = NULL;                           \
  switch (dtype) {                                  \
    BNK_NN_REAL_TYPES(CASE_##KIND)                  \
    default: return;                                \
  }
#define CASE_dilate(DTYPE, SUFFIX, T, N, FROM, TO, LOWEST) \
  case DTYPE: fn = dilate_##SUFFIX; break;
#define CASE_to_input(DTYPE, SUFFIX, T, N, FROM, TO, LOWEST) \
  case DTYPE: fn = to_input_##SUFFIX; break;
#define CASE_to_filter(DTYPE, SUFFIX, T, N, FROM, TO, LOWEST) \
  case DTYPE: fn = to_filter_##SUFFIX; break;

void bnk_nn_dilation(enum bnk_dtype dtype, const struct bnk_nn_window *w, const void *input,
                     const void *filter, void *output) {
  struct dilating p = {w, input, filter, NULL, output};
  CHOOSE(dilate)
  bnk_parallel_for((size_t)(w->batch * w->out[1] * w->out[2]),
                   bnk_nn_grain((size_t)(w->kernel[1] * w->kernel[2] * w->channels)), fn, &p);
}

void bnk_nn_dilation_input(enum bnk_dtype dtype, const struct bnk_nn_window *w, const void *input,
                           const void *filter, const void *gradient, void *target) {
  struct dilating p = {w, input, filter, gradient, target};
  CHOOSE(to_input)
  bnk_parallel_for((size_t)w->channels, 1, fn, &p);
}

void bnk_nn_dilation_filter(enum bnk_dtype dtype, const struct bnk_nn_window *w,
                            const void *input, const void *filter, const void *gradient,
                            void *target) {
  struct dilating p = {w, input, filter, gradient, target};
  CHOOSE(to_filter)
  bnk_parallel_for((size_t)w->channels, 1, fn, &p);
}
