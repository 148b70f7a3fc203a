// Included by avg_pool.c for each type: T, SUFFIX.
#define JOIN_(A, B) A##B
#define JOIN(A, B) JOIN_(A, B)
#define NAME(BASE) JOIN(BASE, SUFFIX)

struct NAME(averaging_) {
  const struct bnk_nn_window *window;
  const T *input;
  T *output;
  int spreads;
};

static void NAME(average_)(void *context, size_t begin, size_t end) {
  const struct NAME(averaging_) *p = context;
  const struct bnk_nn_window *w = p->window;
  const ptrdiff_t c = w->channels, pixels = bnk_nn_pixels(w->out);
  for (size_t i = begin; i < end; i++) {
    ptrdiff_t at[3], first[3], last[3];
    bnk_nn_split((ptrdiff_t)i % pixels, w->out, at);
    for (int d = 0; d < 3; d++) bnk_nn_range(w, d, at[d], &first[d], &last[d]);
    const T *image = p->input + (ptrdiff_t)i / pixels * bnk_nn_pixels(w->in) * c;
    T *out = p->output + (ptrdiff_t)i * c;
    ptrdiff_t count = 0;
    for (ptrdiff_t k = 0; k < c; k++) out[k] = 0;
    for (ptrdiff_t z = first[0]; z < last[0]; z++) {
      for (ptrdiff_t y = first[1]; y < last[1]; y++) {
        const T *in = image + ((z * w->in[1] + y) * w->in[2] + first[2]) * c;
        for (ptrdiff_t x = first[2]; x < last[2]; x++, in += c, count++) {
          for (ptrdiff_t k = 0; k < c; k++) out[k] += in[k];
        }
      }
    }
    const T divisor = (T)count;
    for (ptrdiff_t k = 0; k < c; k++) out[k] /= divisor;
  }
}

void NAME(bnk_nn_avg_pool_)(const struct bnk_nn_window *w, const T *input, T *output) {
  struct NAME(averaging_) p = {w, input, output, 0};
  bnk_parallel_for((size_t)(w->batch * bnk_nn_pixels(w->out)),
                   bnk_nn_grain((size_t)(bnk_nn_pixels(w->kernel) * w->channels)),
                   NAME(average_), &p);
}

/// The size of a window along a dimension; one that spreads out has all of the input.
static ptrdiff_t NAME(extent_)(const struct NAME(averaging_) *p, int d, ptrdiff_t at) {
  ptrdiff_t first, last;
  bnk_nn_range(p->window, d, at, &first, &last);
  const ptrdiff_t size = p->window->in[d];
  return (p->spreads && first == 0 && p->window->kernel[d] > size ? size : last) - first;
}

/// Each input pixel gathers the shares of the windows that cover it.
static void NAME(share_)(void *context, size_t begin, size_t end) {
  const struct NAME(averaging_) *p = context;
  const struct bnk_nn_window *w = p->window;
  const ptrdiff_t c = w->channels, pixels = bnk_nn_pixels(w->in);
  for (size_t i = begin; i < end; i++) {
    ptrdiff_t at[3], first[3], last[3];
    bnk_nn_split((ptrdiff_t)i % pixels, w->in, at);
    for (int d = 0; d < 3; d++) {
      bnk_nn_covering(w, d, at[d], &first[d], &last[d]);
      if (p->spreads && w->kernel[d] > w->in[d]) first[d] = 0;
    }
    const T *image = p->input + (ptrdiff_t)i / pixels * bnk_nn_pixels(w->out) * c;
    T *out = p->output + (ptrdiff_t)i * c;
    for (ptrdiff_t k = 0; k < c; k++) out[k] = 0;
    for (ptrdiff_t z = first[0]; z < last[0]; z++) {
      const ptrdiff_t depth = NAME(extent_)(p, 0, z);
      for (ptrdiff_t y = first[1]; y < last[1]; y++) {
        const ptrdiff_t area = depth * NAME(extent_)(p, 1, y);
        for (ptrdiff_t x = first[2]; x < last[2]; x++) {
          const T share = 1 / (T)(area * NAME(extent_)(p, 2, x));
          const T *in = image + ((z * w->out[1] + y) * w->out[2] + x) * c;
          for (ptrdiff_t k = 0; k < c; k++) out[k] += in[k] * share;
        }
      }
    }
  }
}

void NAME(bnk_nn_avg_pool_grad_)(const struct bnk_nn_window *w, int spreads, const T *gradient,
                                 T *target) {
  struct NAME(averaging_) p = {w, gradient, target, spreads};
  bnk_parallel_for((size_t)(w->batch * bnk_nn_pixels(w->in)),
                   bnk_nn_grain((size_t)(bnk_nn_pixels(w->kernel) * w->channels)), NAME(share_),
                   &p);
}

#undef NAME
#undef JOIN
#undef JOIN_
