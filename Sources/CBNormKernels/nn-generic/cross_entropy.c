// Losses of rows of logarithms of probabilities.
#include "bnk/nn_generic.h"
#include "bnk/threads.h"
#include "window.h"

#define CROSS_ENTROPY(SUFFIX, T)                                                                 \
  struct entropy_##SUFFIX {                                                                      \
    const T *logs, *labels;                                                                      \
    T *loss, *gradient;                                                                          \
    size_t columns;                                                                              \
  };                                                                                             \
  static void dense_##SUFFIX(void *context, size_t begin, size_t end) {                          \
    const struct entropy_##SUFFIX *p = context;                                                  \
    for (size_t r = begin; r < end; r++) {                                                       \
      const T *logs = p->logs + r * p->columns, *labels = p->labels + r * p->columns;            \
      T *gradient = p->gradient + r * p->columns, sum = 0;                                       \
      for (size_t k = 0; k < p->columns; k++) {                                                  \
        const T log = logs[k], label = labels[k];                                                \
        sum -= label == 0 ? 0 : label * log;                                                     \
        gradient[k] -= label;                                                                    \
      }                                                                                          \
      p->loss[r] = sum;                                                                          \
    }                                                                                            \
  }                                                                                              \
  void bnk_nn_cross_entropy_##SUFFIX(const T *logs, const T *labels, size_t rows,                \
                                     size_t columns, T *loss, T *gradient) {                     \
    struct entropy_##SUFFIX p = {logs, labels, loss, gradient, columns};                   \
    bnk_parallel_for(rows, bnk_nn_grain(columns), dense_##SUFFIX, &p);                           \
  }

CROSS_ENTROPY(f32, float)
CROSS_ENTROPY(f64, double)
