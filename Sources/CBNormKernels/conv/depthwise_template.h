// Depthwise convolution of one tier: a vector of channels of several neighbouring pixels at once.

#if BNK_TIER == 2
#define BNK_PIXELS 8
#else
#define BNK_PIXELS 4
#endif
/// Some channels of some neighbouring pixels of a line.
struct pixels {
  /// The window's first line inside the image, at the column (perhaps outside) of the first
  /// pixel's first tap, and at the first of the channels.
  const float *from;
  size_t line_step, pixel_step;
  /// Lines of the window that lie inside the image.
  size_t lines;
  /// Weights of the first of these lines; those of the next vector follow after `weight_step`.
  const float *weights;
  size_t weight_step;
  /// Factors of the sums, for the first vector of channels; the next follow after `weight_step`.
  const float *scale;
  size_t kernel_width, stride, dilation;
  /// Columns of the image, from the first pixel's first tap, lie inside for low..<high.
  ptrdiff_t low, high;
  size_t channels;
  const float *bias, *residual;
  size_t residual_step;
  float *to;
  size_t to_step;
  float bound_low, bound_high;
};

BNK_INLINE vf load_column(const struct pixels *p, const float *line, ptrdiff_t column, int lanes,
                          const bool checked) {
  if (!checked) return v_load(line + column * (ptrdiff_t)p->pixel_step);
  if (column < p->low || column >= p->high) return v_zero();
  return v_load_first(line + column * (ptrdiff_t)p->pixel_step, lanes);
}

/// Vector number `c / BNK_V` of the channels. With a window width of K and a stride of S that are
/// known, every column is loaded once a line; K = 0 stands for any window.
BNK_INLINE void pixels_vector(const struct pixels *p, size_t c, const float *weights,
                              const float *scale, int lanes, const int W, const int K, const int S,
                              const bool checked) {
  vf acc[BNK_PIXELS];
  BNK_UNROLL for (int i = 0; i < W; i++) acc[i] = v_zero();
  const float *line = p->from + c;
  for (size_t y = p->lines; y; y--, line += p->line_step) {
    if (K) {
      vf columns[(BNK_PIXELS - 1) * 2 + 5];
      BNK_UNROLL for (int j = 0; j < (W - 1) * S + K; j++) {
        columns[j] = load_column(p, line, j, lanes, checked);
      }
      BNK_UNROLL for (int x = 0; x < K; x++) {
        const vf weight = v_load(weights + x * BNK_V);
        BNK_UNROLL for (int i = 0; i < W; i++) acc[i] = v_fma(columns[i * S + x], weight, acc[i]);
      }
      weights += K * BNK_V;
    } else {
      for (size_t x = 0; x < p->kernel_width; x++, weights += BNK_V) {
        const vf weight = v_load(weights);
        BNK_UNROLL for (int i = 0; i < W; i++) {
          const ptrdiff_t column = (ptrdiff_t)(x * p->dilation + (size_t)i * p->stride);
          acc[i] = v_fma(load_column(p, line, column, lanes, checked), weight, acc[i]);
        }
      }
    }
  }
  // TensorFlow multiplies and adds one after the other, each with a rounding.
  const vf factor = v_load(scale);
  BNK_UNROLL for (int i = 0; i < W; i++) acc[i] *= factor;
  const vf low = v_set1(p->bound_low), high = v_set1(p->bound_high);
  if (p->bias) {
    const vf bias = checked ? v_load_first(p->bias + c, lanes) : v_load(p->bias + c);
    BNK_UNROLL for (int i = 0; i < W; i++) acc[i] += bias;
  }
  if (p->residual) {
    BNK_UNROLL for (int i = 0; i < W; i++) {
      acc[i] += v_load_first(p->residual + c + i * p->residual_step, lanes);
    }
  }
  BNK_UNROLL for (int i = 0; i < W; i++) {
    const vf value = v_min(high, v_max(low, acc[i]));
    if (checked) {
      v_store_first(p->to + c + i * p->to_step, value, lanes);
    } else {
      v_store(p->to + c + i * p->to_step, value);
    }
  }
}

/// All channels; `inside` says that all columns lie in the image.
BNK_INLINE void pixels_body(const struct pixels *p, const int W, const int K, const int S,
                            bool inside) {
  size_t c = 0;
  const float *weights = p->weights, *scale = p->scale;
  const size_t step = p->weight_step;
  if (inside) {
    for (; c + BNK_V <= p->channels; c += BNK_V, weights += step, scale += step) {
      pixels_vector(p, c, weights, scale, BNK_V, W, K, S, false);
    }
  }
  for (; c < p->channels; c += BNK_V, weights += step, scale += step) {
    const int lanes = p->channels - c < BNK_V ? (int)(p->channels - c) : BNK_V;
    pixels_vector(p, c, weights, scale, lanes, W, K, S, true);
  }
}

#define BNK_WINDOW(W, K, S)                                               \
  static void pixels_##W##_##K##_##S(const struct pixels *p, bool inside) { \
    pixels_body(p, W, K, S, inside);                                      \
  }
#define BNK_WINDOWS(W) \
  BNK_WINDOW(W, 3, 1) BNK_WINDOW(W, 3, 2) BNK_WINDOW(W, 5, 1) BNK_WINDOW(W, 5, 2) BNK_WINDOW(W, 0, 0)
#define BNK_WINDOW_ROW(W) \
  {pixels_##W##_0_0, pixels_##W##_3_1, pixels_##W##_3_2, pixels_##W##_5_1, pixels_##W##_5_2}

BNK_WINDOWS(1)
BNK_WINDOWS(2)
BNK_WINDOWS(3)
BNK_WINDOWS(4)
#if BNK_PIXELS == 8
BNK_WINDOWS(5)
BNK_WINDOWS(6)
BNK_WINDOWS(7)
BNK_WINDOWS(8)
#endif

typedef void (*pixels_fn)(const struct pixels *, bool);

static const pixels_fn windows[BNK_PIXELS][5] = {
    BNK_WINDOW_ROW(1), BNK_WINDOW_ROW(2), BNK_WINDOW_ROW(3), BNK_WINDOW_ROW(4),
#if BNK_PIXELS == 8
    BNK_WINDOW_ROW(5), BNK_WINDOW_ROW(6), BNK_WINDOW_ROW(7), BNK_WINDOW_ROW(8),
#endif
};

static int window_kind(const struct bnk_conv2d_shape *s) {
  const size_t k = s->kernel_width, stride = s->stride_width;
  if ((k != 3 && k != 5) || s->dilation_width != 1 || stride > 2) return 0;
  return (k == 3 ? 1 : 3) + (int)(stride - 1);
}

static void line(const struct bnk_depthwise_line *l) {
  const struct bnk_conv2d_plan *plan = l->plan;
  const struct bnk_conv2d_shape *s = &plan->shape;
  const struct bnk_epilogue *e = &l->epilogue;
  const ptrdiff_t width = (ptrdiff_t)s->width, height = (ptrdiff_t)s->height;
  const ptrdiff_t dilation = (ptrdiff_t)s->dilation_height;
  const ptrdiff_t top = (ptrdiff_t)(l->y * s->stride_height) - (ptrdiff_t)s->pad_top;
  const ptrdiff_t taps = (ptrdiff_t)s->kernel_height;
  const ptrdiff_t skipped = top < 0 ? (-top + dilation - 1) / dilation : 0;
  ptrdiff_t inside = top < height ? (height - top + dilation - 1) / dilation : 0;
  inside = (inside < taps ? inside : taps) - skipped;
  if (inside < 0) inside = 0;
  const size_t taps_all = s->kernel_height * s->kernel_width;
  const ptrdiff_t reach = (ptrdiff_t)((s->kernel_width - 1) * s->dilation_width);
  const bool late = e->residual && e->residual_after_activation;
  const float *packed = l->packed + l->first * (taps_all + 1);

  struct pixels p = {
      .line_step = s->dilation_height * s->width * l->pixel_step,
      .pixel_step = l->pixel_step,
      .lines = (size_t)inside,
      .kernel_width = s->kernel_width,
      .stride = s->stride_width,
      .dilation = s->dilation_width,
      .weights = packed + (size_t)skipped * s->kernel_width * BNK_V,
      .weight_step = (taps_all + 1) * BNK_V,
      .scale = packed + taps_all * BNK_V,
      .channels = l->end - l->first,
      .bias = e->bias ? e->bias + l->first : NULL,
      .residual_step = e->residual_stride,
      .to_step = s->output_pixel_stride,
  };
  const bool activate = bnk_activation_bounds(e, &p.bound_low, &p.bound_high);
  const int kind = window_kind(s);
  const size_t parts = (plan->output_width + BNK_PIXELS - 1) / BNK_PIXELS;
  for (size_t part = 0; part < parts; part++) {
    const size_t x = plan->output_width * part / parts;
    const size_t count = plan->output_width * (part + 1) / parts - x;
    const ptrdiff_t left = (ptrdiff_t)(x * s->stride_width) - (ptrdiff_t)s->pad_left;
    p.low = -left;
    p.high = width - left;
    const ptrdiff_t last = (ptrdiff_t)((count - 1) * s->stride_width) + reach;
    const bool edge = left < 0 || last >= p.high;
    const ptrdiff_t at = ((top + skipped * dilation) * width + left) * (ptrdiff_t)l->pixel_step;
    float *const to = l->output + x * p.to_step;
    const float *residual = e->residual ? e->residual + x * e->residual_stride : NULL;
    p.from = l->image + at + (ptrdiff_t)l->first;
    p.residual = residual && !late ? residual + l->first : NULL;
    p.to = to + l->first;
    windows[count - 1][kind](&p, !edge);
    if (activate || late) {
      bnk_finish_rows(e, activate, residual ? residual + l->first : NULL, to + l->first,
                      p.to_step, count, l->end - l->first);
    }
  }
}

const struct bnk_depthwise BNK_NAME(bnk_depthwise) = {.vector = BNK_V, .line = line};
