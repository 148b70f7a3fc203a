// Pooling of cells whose borders are given row by row and column by column.
#include <float.h>
#include <string.h>

#include "bnk/nn_generic.h"


static void bounds(const int64_t *borders, ptrdiff_t cell, int overlapping, ptrdiff_t size,
                   ptrdiff_t *first, ptrdiff_t *last) {
  *first = borders[cell];
  *last = borders[cell + 1] + (overlapping ? 1 : 0);
  if (*last > size) *last = size;
}

#define FRACTIONAL(SUFFIX, T, LOWEST)                                                            \
  static void pool_##SUFFIX(const struct bnk_nn_cells *s, int average, const T *input,           \
                            T *output) {                                                         \
    const ptrdiff_t c = s->channels;                                                             \
    for (ptrdiff_t o = 0; o < s->batch * s->out_rows * s->out_columns; o++) {                    \
      ptrdiff_t y0, y1, x0, x1;                                                                  \
      bounds(s->rows, o / s->out_columns % s->out_rows, s->overlapping, s->height, &y0, &y1);    \
      bounds(s->columns, o % s->out_columns, s->overlapping, s->width, &x0, &x1);                \
      const T *image = input + o / s->out_columns / s->out_rows * s->height * s->width * c;      \
      for (ptrdiff_t k = 0; k < c; k++) {                                                        \
        T value = average ? 0 : LOWEST;                                                          \
        for (ptrdiff_t y = y0; y < y1; y++) {                                                    \
          for (ptrdiff_t x = x0; x < x1; x++) {                                                  \
            const T pixel = image[(y * s->width + x) * c + k];                                   \
            value = average ? value + pixel : pixel > value ? pixel : value;                     \
          }                                                                                      \
        }                                                                                        \
        const ptrdiff_t count = (y1 - y0) * (x1 - x0);                                           \
        output[o * c + k] = average && count > 0 ? value / (T)count : value;                     \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  /* The sums of an average's gradient are kept in `sums`, in double. */                         \
  static void spread_##SUFFIX(const struct bnk_nn_cells *s, const T *gradient, double *sums,     \
                              T *target) {                                                       \
    const ptrdiff_t c = s->channels, count = s->batch * s->height * s->width * c;                \
    memset(sums, 0, (size_t)count * sizeof(double));                                             \
    for (ptrdiff_t o = 0; o < s->batch * s->out_rows * s->out_columns; o++) {                    \
      ptrdiff_t y0, y1, x0, x1;                                                                  \
      bounds(s->rows, o / s->out_columns % s->out_rows, s->overlapping, s->height, &y0, &y1);    \
      bounds(s->columns, o % s->out_columns, s->overlapping, s->width, &x0, &x1);                \
      double *image = sums + o / s->out_columns / s->out_rows * s->height * s->width * c;        \
      const double size = (double)((y1 - y0) * (x1 - x0));                                       \
      for (ptrdiff_t y = y0; y < y1; y++) {                                                      \
        for (ptrdiff_t x = x0; x < x1; x++) {                                                    \
          for (ptrdiff_t k = 0; k < c; k++) {                                                    \
            image[(y * s->width + x) * c + k] += (double)gradient[o * c + k] / size;             \
          }                                                                                      \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
    for (ptrdiff_t i = 0; i < count; i++) target[i] = (T)sums[i];                                \
  }                                                                                              \
  /* The first largest element of a cell gets the gradient. */                                   \
  static int place_##SUFFIX(const struct bnk_nn_cells *s, const T *input, const T *pooled,       \
                            const T *gradient, T *target) {                                      \
    const ptrdiff_t c = s->channels;                                                             \
    memset(target, 0, (size_t)(s->batch * s->height * s->width * c) * sizeof(T));                \
    for (ptrdiff_t o = 0; o < s->batch * s->out_rows * s->out_columns; o++) {                    \
      ptrdiff_t y0, y1, x0, x1;                                                                  \
      bounds(s->rows, o / s->out_columns % s->out_rows, s->overlapping, s->height, &y0, &y1);    \
      bounds(s->columns, o % s->out_columns, s->overlapping, s->width, &x0, &x1);                \
      const ptrdiff_t image = o / s->out_columns / s->out_rows * s->height * s->width;           \
      for (ptrdiff_t k = 0; k < c; k++) {                                                        \
        ptrdiff_t best = -1;                                                                     \
        for (ptrdiff_t y = y0; y < y1; y++) {                                                    \
          for (ptrdiff_t x = x0; x < x1; x++) {                                                  \
            const ptrdiff_t at = (image + y * s->width + x) * c + k;                             \
            if (best < 0 || input[at] > input[best]) best = at;                                  \
          }                                                                                      \
        }                                                                                        \
        if (best < 0 || input[best] != pooled[o * c + k]) return 0;                              \
        target[best] += gradient[o * c + k];                                                     \
      }                                                                                          \
    }                                                                                            \
    return 1;                                                                                    \
  }

FRACTIONAL(f32, float, -FLT_MAX)
FRACTIONAL(f64, double, -DBL_MAX)
FRACTIONAL(i32, int32_t, INT32_MIN)
FRACTIONAL(i64, int64_t, INT64_MIN)

void bnk_nn_fractional_pool(enum bnk_dtype dtype, const struct bnk_nn_cells *cells, int average,
                            const void *input, void *output) {
  switch (dtype) {
    case BNK_FLOAT: pool_f32(cells, average, input, output); break;
    case BNK_DOUBLE: pool_f64(cells, average, input, output); break;
    case BNK_INT32: pool_i32(cells, average, input, output); break;
    case BNK_INT64: pool_i64(cells, average, input, output); break;
    default: break;
  }
}

void bnk_nn_fractional_avg_grad(enum bnk_dtype dtype, const struct bnk_nn_cells *cells,
                                const void *gradient, double *sums, void *target) {
  switch (dtype) {
    case BNK_FLOAT: spread_f32(cells, gradient, sums, target); break;
    case BNK_DOUBLE: spread_f64(cells, gradient, sums, target); break;
    case BNK_INT32: spread_i32(cells, gradient, sums, target); break;
    case BNK_INT64: spread_i64(cells, gradient, sums, target); break;
    default: break;
  }
}

int bnk_nn_fractional_max_grad(enum bnk_dtype dtype, const struct bnk_nn_cells *cells,
                               const void *input, const void *pooled, const void *gradient,
                               void *target) {
  switch (dtype) {
    case BNK_FLOAT: return place_f32(cells, input, pooled, gradient, target);
    case BNK_DOUBLE: return place_f64(cells, input, pooled, gradient, target);
    case BNK_INT32: return place_i32(cells, input, pooled, gradient, target);
    case BNK_INT64: return place_i64(cells, input, pooled, gradient, target);
    default: return 0;
  }
}
