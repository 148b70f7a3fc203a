// Bilinear resizing with mirrored borders, as input of a convolution. Every image of the batch is
// made from the first one, as TensorFlow's kernel does.
#include "bnk/nn_generic.h"
#include "bnk/threads.h"

#define RESIZE(SUFFIX, T)                                                                        \
  struct resizing_##SUFFIX {                                                                     \
    const struct bnk_nn_resize *r;                                                               \
    const T *source;                                                                             \
    T *target;                                                                                   \
  };                                                                                             \
  static void lines_##SUFFIX(void *context, size_t begin, size_t end) {                          \
    const struct resizing_##SUFFIX *p = context;                                                 \
    const struct bnk_nn_resize *r = p->r;                                                        \
    const ptrdiff_t c = r->channels;                                                             \
    for (size_t line = begin; line < end; line++) {                                              \
      const ptrdiff_t y = (ptrdiff_t)line % r->out_height;                                       \
      const T *top = p->source + r->y_low[y] * r->width * c;                                         \
      const T *bottom = p->source + r->y_high[y] * r->width * c;                                     \
      const T dy = (T)r->y_part[y];                                                              \
      T *target = p->target + (ptrdiff_t)line * r->out_width * c;                                \
      for (ptrdiff_t x = 0; x < r->out_width; x++) {                                             \
        const ptrdiff_t low = r->x_low[x] * c, high = r->x_high[x] * c;                          \
        const T dx = (T)r->x_part[x];                                                            \
        for (ptrdiff_t k = 0; k < c; k++) {                                                      \
          const T a = top[low + k] + (top[high + k] - top[low + k]) * dx;                        \
          const T b = bottom[low + k] + (bottom[high + k] - bottom[low + k]) * dx;               \
          target[x * c + k] = dy == 0 ? a : a + (b - a) * dy;                                    \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  void bnk_nn_resize_##SUFFIX(const struct bnk_nn_resize *resize, const T *source, T *target) {  \
    struct resizing_##SUFFIX p = {resize, source, target};                                       \
    bnk_parallel_for((size_t)(resize->batch * resize->out_height), 4, lines_##SUFFIX, &p);       \
  }

RESIZE(f32, float)
RESIZE(f64, double)
