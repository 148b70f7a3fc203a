// Means of windows and their gradient.
#include "bnk/threads.h"
#include "half.h"
#include "window.h"

#define SUFFIX f32
#define T float
#include "avg_pool_template.h"
#undef SUFFIX
#undef T

#define SUFFIX f64
#define T double
#include "avg_pool_template.h"

/// Sums in half and bfloat16 are rounded at each step, as in TensorFlow.
#define ROUNDED(SUFFIX, FROM, TO)                                                                \
  struct averaging_##SUFFIX {                                                                    \
    const struct bnk_nn_window *window;                                                          \
    const uint16_t *input;                                                                       \
    uint16_t *output;                                                                            \
  };                                                                                             \
  static void average_##SUFFIX(void *context, size_t begin, size_t end) {                        \
    const struct averaging_##SUFFIX *p = context;                                                \
    const struct bnk_nn_window *w = p->window;                                                   \
    const ptrdiff_t c = w->channels, pixels = bnk_nn_pixels(w->out);                             \
    for (size_t i = begin; i < end; i++) {                                                       \
      ptrdiff_t at[3], first[3], last[3];                                                        \
      bnk_nn_split((ptrdiff_t)i % pixels, w->out, at);                                           \
      for (int d = 0; d < 3; d++) bnk_nn_range(w, d, at[d], &first[d], &last[d]);                \
      const uint16_t *image = p->input + (ptrdiff_t)i / pixels * bnk_nn_pixels(w->in) * c;       \
      uint16_t *out = p->output + (ptrdiff_t)i * c;                                              \
      uint16_t count = 0;                                                                        \
      for (ptrdiff_t k = 0; k < c; k++) out[k] = 0;                                              \
      for (ptrdiff_t z = first[0]; z < last[0]; z++) {                                           \
        for (ptrdiff_t y = first[1]; y < last[1]; y++) {                                         \
          const uint16_t *in = image + ((z * w->in[1] + y) * w->in[2] + first[2]) * c;           \
          for (ptrdiff_t x = first[2]; x < last[2]; x++, in += c) {                              \
            count = TO(FROM(count) + 1);                                                         \
            for (ptrdiff_t k = 0; k < c; k++) out[k] = TO(FROM(out[k]) + FROM(in[k]));           \
          }                                                                                      \
        }                                                                                        \
      }                                                                                          \
      for (ptrdiff_t k = 0; k < c; k++) out[k] = TO(FROM(out[k]) / FROM(count));                 \
    }                                                                                            \
  }                                                                                              \
  void bnk_nn_avg_pool_##SUFFIX(const struct bnk_nn_window *w, const void *input,                \
                                void *output) {                                                  \
    struct averaging_##SUFFIX p = {w, input, output};                                            \
    bnk_parallel_for((size_t)(w->batch * bnk_nn_pixels(w->out)),                                 \
                     bnk_nn_grain((size_t)(bnk_nn_pixels(w->kernel) * w->channels) * 8),         \
                     average_##SUFFIX, &p);                                                      \
  }

ROUNDED(f16, bnk_nn_from_half, bnk_nn_to_half)
ROUNDED(bf16, bnk_nn_from_bfloat, bnk_nn_to_bfloat)
