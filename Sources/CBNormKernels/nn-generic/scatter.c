// What the gradients of convolution need besides products: scattered rows, turned filters, sums.
#include <string.h>

#include "bnk/nn_generic.h"
#include "bnk/threads.h"

void bnk_nn_scatter_rows(const struct bnk_nn_scatter *s, size_t begin, size_t end,
                         const void *rows) {
  const char *source = rows;
  for (size_t row = begin; row < end; row++, source += s->bytes) {
    size_t rest = row;
    ptrdiff_t at[3];
    for (int d = 2; d >= 0; d--) {
      at[d] = (ptrdiff_t)(rest % (size_t)s->grid[d]) * s->step[d] + s->first[d];
      rest /= (size_t)s->grid[d];
    }
    const ptrdiff_t pixel =
        (((ptrdiff_t)rest * s->out[0] + at[0]) * s->out[1] + at[1]) * s->out[2] + at[2];
    memcpy((char *)s->target + pixel * s->pixel_bytes + s->first_byte, source, (size_t)s->bytes);
  }
}

#define FLIP(NAME, T)                                                                            \
  static void NAME(const T *filter, const int32_t *taps, size_t count, size_t inputs,            \
                   size_t first, size_t outputs, size_t stride, T *target) {                     \
    for (size_t t = 0; t < count; t++) {                                                         \
      const T *tap = filter + (size_t)taps[t] * inputs * stride + first;                         \
      T *to = target + t * outputs * inputs;                                                     \
      for (size_t block = 0; block < outputs; block += 16) {                                     \
        const size_t end = block + 16 < outputs ? block + 16 : outputs;                          \
        for (size_t i = 0; i < inputs; i++) {                                                    \
          for (size_t o = block; o < end; o++) to[o * inputs + i] = tap[i * stride + o];         \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
  }

FLIP(flip4, uint32_t)
FLIP(flip8, uint64_t)

void bnk_nn_flip_filter(const void *filter, const int32_t *taps, size_t count, size_t inputs,
                        size_t first, size_t outputs, size_t stride, size_t size, void *target) {
  if (size == 4) {
    flip4(filter, taps, count, inputs, first, outputs, stride, target);
  } else {
    flip8(filter, taps, count, inputs, first, outputs, stride, target);
  }
}

#define SUM(SUFFIX, T)                                                                           \
  struct sum_##SUFFIX {                                                                          \
    const T *source;                                                                             \
    T *target;                                                                                   \
    size_t parts, count;                                                                         \
  };                                                                                             \
  static void add_##SUFFIX(void *context, size_t begin, size_t end) {                            \
    const struct sum_##SUFFIX *s = context;                                                      \
    memcpy(s->target + begin, s->source + begin, (end - begin) * sizeof(T));                     \
    for (size_t part = 1; part < s->parts; part++) {                                             \
      const T *source = s->source + part * s->count;                                             \
      for (size_t i = begin; i < end; i++) s->target[i] += source[i];                            \
    }                                                                                            \
  }                                                                                              \
  void bnk_nn_sum_parts_##SUFFIX(const T *source, size_t parts, size_t count, T *target) {       \
    struct sum_##SUFFIX s = {source, target, parts, count};                                      \
    bnk_parallel_for(count, 16384, add_##SUFFIX, &s);                                            \
  }

SUM(f32, float)
SUM(f64, double)
