#include "bnk/quantization.h"
#include "bnk/threads.h"

#include <string.h>

// Products wrap around, as TensorFlow's do.
static inline void add_scaled(int32_t *y, const int32_t *b, int32_t a, size_t n) {
  for (size_t j = 0; j < n; j++) y[j] = (int32_t)((uint32_t)y[j] + (uint32_t)a * (uint32_t)b[j]);
}

struct product_job {
  const int32_t *a, *b;
  int32_t *c;
  size_t n, k;
};

static void product_range(void *context, size_t begin, size_t end) {
  const struct product_job *job = context;
  for (size_t i = begin; i < end; i++) {
    int32_t *c = job->c + i * job->n;
    memset(c, 0, job->n * sizeof *c);
    for (size_t p = 0; p < job->k; p++)
      add_scaled(c, job->b + p * job->n, job->a[i * job->k + p], job->n);
  }
}

void bnk_product_i32(const int32_t *a, const int32_t *b, int32_t *c, size_t m, size_t n,
                     size_t k) {
  struct product_job job = {a, b, c, n, k};
  bnk_parallel_for(m, 1 + 32768 / (n * k + 1), product_range, &job);
}

struct conv_job {
  const struct bnk_conv_i32 *conv;
  const int32_t *x, *filter;
  int32_t *y;
};

static void conv_range(void *context, size_t begin, size_t end) {
  const struct conv_job *job = context;
  const struct bnk_conv_i32 *c = job->conv;
  for (size_t row = begin; row < end; row++) {
    const size_t b = row / c->out_height, oy = row % c->out_height;
    for (size_t ox = 0; ox < c->out_width; ox++) {
      int32_t *y = job->y + (row * c->out_width + ox) * c->count;
      memset(y, 0, c->count * sizeof *y);
      const int32_t *w = job->filter;
      for (size_t fy = 0; fy < c->rows; fy++) {
        const ptrdiff_t iy = (ptrdiff_t)(oy * c->row_stride + fy * c->row_dilation) - c->top;
        for (size_t fx = 0; fx < c->columns; fx++) {
          const ptrdiff_t ix =
              (ptrdiff_t)(ox * c->column_stride + fx * c->column_dilation) - c->left;
          const bool inside =
              iy >= 0 && iy < (ptrdiff_t)c->height && ix >= 0 && ix < (ptrdiff_t)c->width;
          const size_t pixel = inside ? (b * c->height + (size_t)iy) * c->width + (size_t)ix : 0;
          const int32_t *x = job->x + pixel * c->depth;
          for (size_t d = 0; d < c->depth; d++, w += c->count)
            add_scaled(y, w, inside ? x[d] : c->border, c->count);
        }
      }
    }
  }
}

void bnk_convolve_i32(const struct bnk_conv_i32 *conv, const int32_t *x, const int32_t *filter,
                      int32_t *y) {
  struct conv_job job = {conv, x, filter, y};
  bnk_parallel_for(conv->batch * conv->out_height, 1, conv_range, &job);
}

void bnk_gathered_dot_i32(const int32_t *x, const int64_t *starts, size_t count,
                          const int64_t *taps, const int32_t *w, size_t length, int32_t *y) {
  for (size_t i = 0; i < count; i++) {
    const int32_t *p = x + starts[i];
    uint32_t sum = 0;
    for (size_t j = 0; j < length; j++) sum += (uint32_t)p[taps[j]] * (uint32_t)w[j];
    y[i] = (int32_t)sum;
  }
}

static inline int byte_at(const struct bnk_byte_pool *pool, const void *x, size_t i) {
  return pool->is_signed ? ((const int8_t *)x)[i] : ((const uint8_t *)x)[i];
}

void bnk_pool_bytes(const struct bnk_byte_pool *p, const void *x, void *y) {
  size_t at = 0;
  for (size_t b = 0; b < p->batch; b++) {
    for (size_t oy = 0; oy < p->out_height; oy++) {
      const ptrdiff_t y0 = (ptrdiff_t)(oy * p->row_stride) - p->top;
      const size_t ya = y0 < 0 ? 0 : (size_t)y0;
      const size_t yb = (size_t)(y0 + (ptrdiff_t)p->rows) < p->height
                            ? (size_t)(y0 + (ptrdiff_t)p->rows) : p->height;
      for (size_t ox = 0; ox < p->out_width; ox++) {
        const ptrdiff_t x0 = (ptrdiff_t)(ox * p->column_stride) - p->left;
        const size_t xa = x0 < 0 ? 0 : (size_t)x0;
        const size_t xb = (size_t)(x0 + (ptrdiff_t)p->columns) < p->width
                              ? (size_t)(x0 + (ptrdiff_t)p->columns) : p->width;
        for (size_t d = 0; d < p->depth; d++, at++) {
          int64_t value = p->is_average ? 0 : p->is_signed ? -128 : 0;
          int64_t count = 0;
          for (size_t i = ya; i < yb; i++) {
            for (size_t j = xa; j < xb; j++, count++) {
              const int v = byte_at(p, x, ((b * p->height + i) * p->width + j) * p->depth + d);
              value = p->is_average ? value + v : v > value ? v : value;
            }
          }
          if (p->is_average && count > 0) value /= count;
          ((int8_t *)y)[at] = (int8_t)(uint8_t)value;
        }
      }
    }
  }
}
