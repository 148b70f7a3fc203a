// Three-dimensional max pooling, whose rules for NaN and ties differ from the two-dimensional one.
#include <math.h>

#include "bnk/threads.h"
#include "window.h"

struct pooling {
  const struct bnk_nn_window *window;
  const float *input, *value, *gradient;
  float *output;
};

static void forward(void *context, size_t begin, size_t end) {
  const struct pooling *p = context;
  const struct bnk_nn_window *w = p->window;
  const ptrdiff_t c = w->channels, pixels = bnk_nn_pixels(w->out);
  for (size_t i = begin; i < end; i++) {
    ptrdiff_t at[3], first[3], last[3];
    bnk_nn_split((ptrdiff_t)i % pixels, w->out, at);
    for (int d = 0; d < 3; d++) bnk_nn_range(w, d, at[d], &first[d], &last[d]);
    const float *image = p->input + (ptrdiff_t)i / pixels * bnk_nn_pixels(w->in) * c;
    float *out = p->output + (ptrdiff_t)i * c;
    for (ptrdiff_t k = 0; k < c; k++) out[k] = -INFINITY;
    for (ptrdiff_t z = first[0]; z < last[0]; z++) {
      for (ptrdiff_t y = first[1]; y < last[1]; y++) {
        const float *in = image + ((z * w->in[1] + y) * w->in[2] + first[2]) * c;
        for (ptrdiff_t x = first[2]; x < last[2]; x++, in += c) {
          for (ptrdiff_t k = 0; k < c; k++) out[k] = in[k] < out[k] ? out[k] : in[k];
        }
      }
    }
  }
}

void bnk_nn_max_pool_3d_f32(const struct bnk_nn_window *w, const float *input, float *output) {
  struct pooling p = {.window = w, .input = input, .output = output};
  bnk_parallel_for((size_t)(w->batch * bnk_nn_pixels(w->out)),
                   bnk_nn_grain((size_t)(bnk_nn_pixels(w->kernel) * w->channels)), forward, &p);
}

/// Every element that equals the maximum of a window gets its gradient.
static void backward(void *context, size_t begin, size_t end) {
  const struct pooling *p = context;
  const struct bnk_nn_window *w = p->window;
  const ptrdiff_t c = w->channels, pixels = bnk_nn_pixels(w->in);
  for (size_t i = begin; i < end; i++) {
    ptrdiff_t at[3], first[3], last[3];
    bnk_nn_split((ptrdiff_t)i % pixels, w->in, at);
    for (int d = 0; d < 3; d++) bnk_nn_covering(w, d, at[d], &first[d], &last[d]);
    const ptrdiff_t image = (ptrdiff_t)i / pixels * bnk_nn_pixels(w->out);
    const float *in = p->input + (ptrdiff_t)i * c;
    float *out = p->output + (ptrdiff_t)i * c;
    for (ptrdiff_t k = 0; k < c; k++) out[k] = 0;
    for (ptrdiff_t z = first[0]; z < last[0]; z++) {
      for (ptrdiff_t y = first[1]; y < last[1]; y++) {
        for (ptrdiff_t x = first[2]; x < last[2]; x++) {
          const ptrdiff_t at = (image + (z * w->out[1] + y) * w->out[2] + x) * c;
          for (ptrdiff_t k = 0; k < c; k++) {
            out[k] += in[k] == p->value[at + k] ? p->gradient[at + k] : 0;
          }
        }
      }
    }
  }
}

void bnk_nn_max_pool_3d_grad_f32(const struct bnk_nn_window *w, const float *input,
                                 const float *value, const float *gradient, float *target) {
  struct pooling p = {w, input, value, gradient, target};
  bnk_parallel_for((size_t)(w->batch * bnk_nn_pixels(w->in)),
                   bnk_nn_grain((size_t)(bnk_nn_pixels(w->kernel) * w->channels)), backward, &p);
}
