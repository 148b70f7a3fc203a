// Softmax of rows and its logarithm.
#include <math.h>

#include "bnk/nn_generic.h"
#include "bnk/threads.h"
#include "window.h"

#define SOFTMAX(SUFFIX, T, EXP, LOG)                                                             \
  struct softmax_##SUFFIX {                                                                      \
    const T *x;                                                                                  \
    T *y;                                                                                        \
    size_t columns;                                                                              \
    int logarithm;                                                                               \
  };                                                                                             \
  static void rows_##SUFFIX(void *context, size_t begin, size_t end) {                           \
    const struct softmax_##SUFFIX *p = context;                                                  \
    const size_t n = p->columns;                                                                 \
    for (size_t r = begin; r < end; r++) {                                                       \
      const T *x = p->x + r * n;                                                                 \
      T *y = p->y + r * n;                                                                       \
      T most = -INFINITY, sum = 0;                                                               \
      for (size_t k = 0; k < n; k++) most = x[k] > most ? x[k] : most;                           \
      if (p->logarithm) {                                                                        \
        for (size_t k = 0; k < n; k++) sum += EXP(x[k] - most);                                  \
        const T shift = LOG(sum);                                                                \
        for (size_t k = 0; k < n; k++) y[k] = x[k] - most - shift;                               \
      } else {                                                                                   \
        for (size_t k = 0; k < n; k++) sum += y[k] = EXP(x[k] - most);                           \
        const T factor = 1 / sum;                                                                \
        for (size_t k = 0; k < n; k++) y[k] *= factor;                                           \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  void bnk_nn_softmax_##SUFFIX(const T *x, size_t rows, size_t columns, int logarithm, T *y) {   \
    struct softmax_##SUFFIX p = {x, y, columns, logarithm};                                      \
    bnk_parallel_for(rows, bnk_nn_grain(columns * 8), rows_##SUFFIX, &p);                        \
  }

SOFTMAX(f32, float, expf, logf)
SOFTMAX(f64, double, exp, log)
