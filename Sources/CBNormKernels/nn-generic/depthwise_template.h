// Included by depthwise.c for each type: T, SUFFIX. Two spatial dimensions: 1 and 2.
#define JOIN_(A, B) A##B
#define JOIN(A, B) JOIN_(A, B)
#define NAME(BASE) JOIN(BASE, SUFFIX)

struct NAME(depthwise_) {
  const struct bnk_nn_window *window;
  ptrdiff_t multiplier;
  const T *a, *b;
  T *target;
};

static void NAME(forward_)(void *context, size_t begin, size_t end) {
  const struct NAME(depthwise_) *p = context;
  const struct bnk_nn_window *w = p->window;
  const ptrdiff_t c = w->channels, m = p->multiplier;
  for (size_t i = begin; i < end; i++) {
    const ptrdiff_t ox = (ptrdiff_t)i % w->out[2];
    const ptrdiff_t oy = (ptrdiff_t)i / w->out[2] % w->out[1];
    const ptrdiff_t image = (ptrdiff_t)i / w->out[2] / w->out[1];
    T *out = p->target + (ptrdiff_t)i * c * m;
    for (ptrdiff_t k = 0; k < c * m; k++) out[k] = 0;
    for (ptrdiff_t ky = 0; ky < w->kernel[1]; ky++) {
      const ptrdiff_t y = oy * w->stride[1] - w->pad[1] + ky * w->dilation[1];
      if (y < 0 || y >= w->in[1]) continue;
      for (ptrdiff_t kx = 0; kx < w->kernel[2]; kx++) {
        const ptrdiff_t x = ox * w->stride[2] - w->pad[2] + kx * w->dilation[2];
        if (x < 0 || x >= w->in[2]) continue;
        const T *in = p->a + ((image * w->in[1] + y) * w->in[2] + x) * c;
        const T *filter = p->b + (ky * w->kernel[2] + kx) * c * m;
        if (m == 1) {
          for (ptrdiff_t k = 0; k < c; k++) out[k] += in[k] * filter[k];
        } else {
          for (ptrdiff_t k = 0; k < c; k++) {
            for (ptrdiff_t j = 0; j < m; j++) out[k * m + j] += in[k] * filter[k * m + j];
          }
        }
      }
    }
  }
}

void NAME(bnk_nn_depthwise_)(const struct bnk_nn_window *w, ptrdiff_t multiplier, const T *input,
                             const T *filter, T *output) {
  struct NAME(depthwise_) p = {w, multiplier, input, filter, output};
  const ptrdiff_t work = w->kernel[1] * w->kernel[2] * w->channels * multiplier;
  bnk_parallel_for((size_t)(w->batch * w->out[1] * w->out[2]), bnk_nn_grain((size_t)work),
                   NAME(forward_), &p);
}

static void NAME(to_input_)(void *context, size_t begin, size_t end) {
  const struct NAME(depthwise_) *p = context;
  const struct bnk_nn_window *w = p->window;
  const ptrdiff_t c = w->channels, m = p->multiplier;
  for (size_t i = begin; i < end; i++) {
    const ptrdiff_t x = (ptrdiff_t)i % w->in[2];
    const ptrdiff_t y = (ptrdiff_t)i / w->in[2] % w->in[1];
    const ptrdiff_t image = (ptrdiff_t)i / w->in[2] / w->in[1];
    T *out = p->target + (ptrdiff_t)i * c;
    for (ptrdiff_t k = 0; k < c; k++) out[k] = 0;
    for (ptrdiff_t ky = 0; ky < w->kernel[1]; ky++) {
      const ptrdiff_t sy = y + w->pad[1] - ky * w->dilation[1];
      if (sy < 0 || sy % w->stride[1] != 0 || sy / w->stride[1] >= w->out[1]) continue;
      for (ptrdiff_t kx = 0; kx < w->kernel[2]; kx++) {
        const ptrdiff_t sx = x + w->pad[2] - kx * w->dilation[2];
        if (sx < 0 || sx % w->stride[2] != 0 || sx / w->stride[2] >= w->out[2]) continue;
        const ptrdiff_t pixel = (image * w->out[1] + sy / w->stride[1]) * w->out[2];
        const T *gradient = p->a + (pixel + sx / w->stride[2]) * c * m;
        const T *filter = p->b + (ky * w->kernel[2] + kx) * c * m;
        for (ptrdiff_t k = 0; k < c; k++) {
          T sum = 0;
          for (ptrdiff_t j = 0; j < m; j++) sum += gradient[k * m + j] * filter[k * m + j];
          out[k] += sum;
        }
      }
    }
  }
}

void NAME(bnk_nn_depthwise_input_)(const struct bnk_nn_window *w, ptrdiff_t multiplier,
                                   const T *gradient, const T *filter, T *target) {
  struct NAME(depthwise_) p = {w, multiplier, gradient, filter, target};
  const ptrdiff_t work = w->kernel[1] * w->kernel[2] * w->channels * multiplier;
  bnk_parallel_for((size_t)(w->batch * w->in[1] * w->in[2]), bnk_nn_grain((size_t)work),
                   NAME(to_input_), &p);
}

/// One tap of the filter a task.
static void NAME(to_filter_)(void *context, size_t tap) {
  const struct NAME(depthwise_) *p = context;
  const struct bnk_nn_window *w = p->window;
  const ptrdiff_t c = w->channels, m = p->multiplier;
  const ptrdiff_t ky = (ptrdiff_t)tap / w->kernel[2], kx = (ptrdiff_t)tap % w->kernel[2];
  T *out = p->target + (ptrdiff_t)tap * c * m;
  for (ptrdiff_t k = 0; k < c * m; k++) out[k] = 0;
  for (ptrdiff_t image = 0; image < w->batch; image++) {
    for (ptrdiff_t oy = 0; oy < w->out[1]; oy++) {
      const ptrdiff_t y = oy * w->stride[1] - w->pad[1] + ky * w->dilation[1];
      if (y < 0 || y >= w->in[1]) continue;
      for (ptrdiff_t ox = 0; ox < w->out[2]; ox++) {
        const ptrdiff_t x = ox * w->stride[2] - w->pad[2] + kx * w->dilation[2];
        if (x < 0 || x >= w->in[2]) continue;
        const T *in = p->a + ((image * w->in[1] + y) * w->in[2] + x) * c;
        const T *gradient = p->b + ((image * w->out[1] + oy) * w->out[2] + ox) * c * m;
        for (ptrdiff_t k = 0; k < c; k++) {
          for (ptrdiff_t j = 0; j < m; j++) out[k * m + j] += in[k] * gradient[k * m + j];
        }
      }
    }
  }
}

void NAME(bnk_nn_depthwise_filter_)(const struct bnk_nn_window *w, ptrdiff_t multiplier,
                                    const T *input, const T *gradient, T *target) {
  struct NAME(depthwise_) p = {w, multiplier, input, gradient, target};
  bnk_parallel_tasks((size_t)(w->kernel[1] * w->kernel[2]), NAME(to_filter_), &p);
}

#undef NAME
#undef JOIN
#undef JOIN_
