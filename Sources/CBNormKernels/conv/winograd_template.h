// The transforms of one tier, for tiles of 2 x 2 and 4 x 4 output pixels.

#define SQRT_HALF 0.70710678118654752f
#define SQRT_TWO 1.41421356237309505f

/// One dimension of the input transform.
BNK_INLINE void transform_input(const vf *d, vf *t, const int m) {
  if (m == 2) {
    t[0] = d[2] - d[0];
    t[1] = d[2] + d[1];
    t[2] = d[2] - d[1];
    t[3] = d[3] - d[1];
    return;
  }
  const vf outer = v_set1(-2.5f), two = v_set1(-2.0f), half = v_set1(-0.5f);
  const vf a = v_set1(SQRT_HALF), b = v_set1(SQRT_TWO);
  t[0] = v_fma(outer, d[2], d[0] + d[4]);
  const vf even_a = v_fma(two, d[2], d[4]), odd_a = a * v_fma(two, d[1], d[3]);
  t[1] = even_a + odd_a;
  t[2] = even_a - odd_a;
  const vf even_b = v_fma(half, d[2], d[4]), odd_b = b * v_fma(half, d[1], d[3]);
  t[3] = even_b + odd_b;
  t[4] = even_b - odd_b;
  t[5] = v_fma(outer, d[3], d[1] + d[5]);
}

/// One dimension of the output transform.
BNK_INLINE void transform_output(const vf *d, vf *t, const int m) {
  if (m == 2) {
    t[0] = d[0] + d[1] + d[2];
    t[1] = d[1] - d[2] + d[3];
    return;
  }
  const vf a = v_set1(SQRT_HALF), b = v_set1(SQRT_TWO);
  const vf a3 = v_set1(0.5f * SQRT_HALF), b3 = v_set1(2.0f * SQRT_TWO);
  const vf even_a = d[1] + d[2], odd_a = d[1] - d[2];
  const vf even_b = d[3] + d[4], odd_b = d[3] - d[4];
  t[0] = d[0] + even_a + even_b;
  t[1] = v_fma(a, odd_a, b * odd_b);
  t[2] = v_fma(v_set1(0.5f), even_a, v_set1(2.0f) * even_b);
  t[3] = v_fma(a3, odd_a, v_fma(b3, odd_b, d[5]));
}

/// Where a tile starts in its image; may lie in the padding.
struct place {
  size_t image;
  ptrdiff_t y, x;
};

BNK_INLINE struct place place_of(const struct bnk_winograd *w, size_t tile, int m) {
  const size_t in_image = tile % (w->down * w->across);
  return (struct place){
      .image = tile / (w->down * w->across),
      .y = (ptrdiff_t)(in_image / w->across) * m,
      .x = (ptrdiff_t)(in_image % w->across) * m,
  };
}

BNK_INLINE void input_vector(const float *const *lines, const bool *columns, ptrdiff_t step,
                             int lanes, float *to, size_t plane, const int m, const bool inside) {
  const int n = m + 2;
  vf t[6][6];
  BNK_UNROLL for (int j = 0; j < n; j++) {
    vf d[6], column[6];
    BNK_UNROLL for (int i = 0; i < n; i++) {
      if (inside) {
        d[i] = v_load(lines[i] + j * step);
      } else {
        d[i] = v_zero();
        if (lines[i] && columns[j]) d[i] = v_load_first(lines[i] + j * step, lanes);
      }
    }
    transform_input(d, column, m);
    BNK_UNROLL for (int i = 0; i < n; i++) t[i][j] = column[i];
  }
  BNK_UNROLL for (int i = 0; i < n; i++) {
    vf line[6];
    transform_input(t[i], line, m);
    BNK_UNROLL for (int j = 0; j < n; j++) {
      float *at = to + (size_t)(i * n + j) * plane;
      if (inside) {
        v_store(at, line[j]);
      } else {
        v_store_first(at, line[j], lanes);
      }
    }
  }
}

BNK_INLINE void input_tiles(const struct bnk_winograd *w, const float *input, size_t first,
                            size_t count, float *to, const int m) {
  const struct bnk_conv2d_shape *s = &w->plan->shape;
  const ptrdiff_t step = (ptrdiff_t)s->input_pixel_stride;
  const ptrdiff_t width = (ptrdiff_t)s->width, height = (ptrdiff_t)s->height;
  for (size_t tile = first; tile < first + count; tile++, to += w->channel_step) {
    struct place p = place_of(w, tile, m);
    p.y -= (ptrdiff_t)s->pad_top;
    p.x -= (ptrdiff_t)s->pad_left;
    const float *lines[6];
    bool columns[6];
    bool inside = true;
    for (int i = 0; i < m + 2; i++) {
      const bool exists = p.y + i >= 0 && p.y + i < height;
      const ptrdiff_t line = (ptrdiff_t)p.image * height + p.y + i;
      lines[i] = exists ? input + (line * width + p.x) * step : NULL;
      columns[i] = p.x + i >= 0 && p.x + i < width;
      inside = inside && exists && columns[i];
    }
    size_t c = 0;
    if (inside) {
      for (; c + BNK_V <= s->in_channels; c += BNK_V) {
        input_vector(lines, columns, step, BNK_V, to + c, w->input_plane, m, true);
        for (int i = 0; i < m + 2; i++) lines[i] += BNK_V;
      }
    }
    for (; c < s->in_channels; c += BNK_V) {
      const size_t left = s->in_channels - c;
      input_vector(lines, columns, step, left < BNK_V ? (int)left : BNK_V, to + c,
                   w->input_plane, m, false);
      for (int i = 0; i < m + 2; i++) {
        if (lines[i]) lines[i] += BNK_V;
      }
    }
  }
}

/// What the output transform does to an element at once.
struct finish {
  const float *bias, *residual;
  const float *statistics;
  size_t statistics_step;
  bool statistics_fuse;
  size_t residual_step;
  vf low, high;
};

/// Transforms a vector of channels of a tile, of which `rows` x `columns` pixels exist.
BNK_INLINE void output_vector(const float *from, size_t plane, const struct finish *f, int lanes,
                              float *to, size_t line_pixels, size_t step, int rows, int columns,
                              const int m) {
  const int n = m + 2;
  vf t[4][6];
  BNK_UNROLL for (int j = 0; j < n; j++) {
    vf d[6], column[4];
    BNK_UNROLL for (int i = 0; i < n; i++) d[i] = v_load(from + (size_t)(i * n + j) * plane);
    transform_output(d, column, m);
    BNK_UNROLL for (int i = 0; i < m; i++) t[i][j] = column[i];
  }
  const vf bias = f->bias ? v_load_first(f->bias, lanes) : v_zero();
  vf means = v_zero(), inverses = v_set1(1), gammas = v_set1(1);
  if (f->statistics) {
    means = v_load_first(f->statistics, lanes);
    inverses = v_load_first(f->statistics + f->statistics_step, lanes);
    gammas = v_load_first(f->statistics + 2 * f->statistics_step, lanes);
  }
  BNK_UNROLL for (int i = 0; i < m; i++) {
    vf line[4];
    transform_output(t[i], line, m);
    BNK_UNROLL for (int j = 0; j < m; j++) {
      if (i < rows && j < columns) {
        const size_t pixel = (size_t)i * line_pixels + (size_t)j;
        vf value = line[j] - means;
        value *= inverses;
        if (f->statistics_fuse) {
          value = v_fma(value, gammas, bias);
        } else {
          value *= gammas;
          value += bias;
        }
        if (f->residual) value += v_load_first(f->residual + pixel * f->residual_step, lanes);
        value = v_min(f->high, v_max(f->low, value));
        if (lanes == BNK_V) {
          v_store(to + pixel * step, value);
        } else {
          v_store_first(to + pixel * step, value, lanes);
        }
      }
    }
  }
}

BNK_INLINE void output_tiles(const struct bnk_winograd *w, const float *from, size_t first,
                             size_t count, const struct bnk_epilogue *e, float *output,
                             const int m) {
  const struct bnk_conv2d_plan *plan = w->plan;
  const size_t n = plan->shape.out_channels, step = plan->shape.output_pixel_stride;
  const size_t height = plan->output_height, width = plan->output_width;
  float low, high;
  const bool activate = bnk_activation_bounds(e, &low, &high);
  const bool late = e->residual && e->residual_after_activation;
  for (size_t tile = first; tile < first + count; tile++, from += w->product_step) {
    const struct place p = place_of(w, tile, m);
    const size_t y = (size_t)p.y, x = (size_t)p.x;
    const int rows = height - y < (size_t)m ? (int)(height - y) : m;
    const int columns = width - x < (size_t)m ? (int)(width - x) : m;
    const size_t pixel = (p.image * height + y) * width + x;
    float *to = output + pixel * step;
    const float *residual = e->residual ? e->residual + pixel * e->residual_stride : NULL;
    for (size_t c = 0; c < n; c += BNK_V) {
      const struct finish finish = {
          .bias = e->bias ? e->bias + c : NULL,
          .statistics = e->statistics ? e->statistics + c : NULL,
          .statistics_step = e->statistics_step,
          .statistics_fuse = e->statistics_fuse,
          .residual = residual && !late ? residual + c : NULL,
          .residual_step = e->residual_stride,
          .low = v_set1(low),
          .high = v_set1(high),
      };
      const int lanes = n - c < BNK_V ? (int)(n - c) : BNK_V;
      output_vector(from + c, w->product_plane, &finish, lanes, to + c, width, step, rows, columns,
                    m);
    }
    if (!activate && !late) continue;
    for (int i = 0; i < rows; i++) {
      bnk_finish_rows(e, activate, residual ? residual + i * width * e->residual_stride : NULL,
                      to + i * width * step, step, (size_t)columns, n);
    }
  }
}

/// In double: the rounded result is as good as the weights are. `width` is a whole panel or half.
BNK_INLINE void transform_weights(const double g[6][3], const char *weights, size_t tap_step,
                                  size_t count, const float *scale, float *to, size_t plane,
                                  const int m, const int width) {
  const int n = m + 2;
  float taps[9][2 * BNK_V] = {{0}};
  double half[6][3][2 * BNK_V];
  for (int tap = 0; tap < 9; tap++) {
    const char *from = weights + (size_t)tap * tap_step * sizeof(float);
    for (size_t j = 0; j < count; j++) {
      memcpy(&taps[tap][j], from + j * sizeof(float), sizeof(float));
    }
    for (size_t j = 0; scale && j < count; j++) taps[tap][j] *= scale[j];
  }
  for (int i = 0; i < n; i++) {
    for (int x = 0; x < 3; x++) {
      for (int j = 0; j < width; j++) {
        half[i][x][j] = g[i][0] * (double)taps[x][j] + g[i][1] * (double)taps[3 + x][j] +
                        g[i][2] * (double)taps[6 + x][j];
      }
    }
  }
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < n; k++, to += plane) {
      for (int j = 0; j < width; j++) {
        to[j] = (float)(half[i][0][j] * g[k][0] + half[i][1][j] * g[k][1] +
                        half[i][2][j] * g[k][2]);
      }
    }
  }
}

#define BNK_TRANSFORMS(M)                                                                     \
  static void input_##M(const struct bnk_winograd *w, const float *input, size_t first,       \
                        size_t count, float *to) {                                            \
    input_tiles(w, input, first, count, to, M);                                               \
  }                                                                                           \
  static void output_##M(const struct bnk_winograd *w, const float *from, size_t first,       \
                         size_t count, const struct bnk_epilogue *epilogue, float *output) {  \
    output_tiles(w, from, first, count, epilogue, output, M);                                 \
  }                                                                                           \
  static void weights_##M(const double g[6][3], const char *weights, size_t tap_step,         \
                          size_t count, const float *scale, float *to, size_t plane,          \
                          size_t width) {                                                     \
    if (width == BNK_V) {                                                                     \
      transform_weights(g, weights, tap_step, count, scale, to, plane, M, BNK_V);             \
    } else {                                                                                  \
      transform_weights(g, weights, tap_step, count, scale, to, plane, M, 2 * BNK_V);         \
    }                                                                                         \
  }

BNK_TRANSFORMS(2)
BNK_TRANSFORMS(4)

const struct bnk_winograd_transforms BNK_NAME(bnk_winograd)[2] = {
    {input_2, output_2, weights_2},
    {input_4, output_4, weights_4},
};
