#include <complex.h>

#include "reduce_loops.h"

typedef double _Complex c128;

#define LOOPS(name, STEP)                                                                \
  static void name##_rows(const void *xv, size_t rows, size_t n, void *accv) {           \
    const c128 *x = xv;                                                                  \
    c128 *acc = accv;                                                                    \
    for (size_t r = 0; r < rows; r++, x += n) {                                          \
      c128 s = acc[r];                                                                   \
      for (size_t i = 0; i < n; i++) {                                                   \
        const c128 v = x[i];                                                             \
        s = STEP;                                                                        \
      }                                                                                  \
      acc[r] = s;                                                                        \
    }                                                                                    \
  }                                                                                      \
  static void name##_columns(const void *xv, size_t rows, size_t columns, size_t stride, \
                             void *accv) {                                               \
    const c128 *x = xv;                                                                  \
    c128 *acc = accv;                                                                    \
    for (size_t r = 0; r < rows; r++, x += stride) {                                     \
      for (size_t k = 0; k < columns; k++) {                                             \
        const c128 v = x[k], s = acc[k];                                                 \
        acc[k] = STEP;                                                                   \
      }                                                                                  \
    }                                                                                    \
  }

LOOPS(sum, s + v)
LOOPS(squares, s + v * conj(v))
LOOPS(prod, s *v)

bnk_fold_table bnk_fold_table__complex = {
    [BNK_HUB_C128] = {{sum_rows, sum_columns},
                      {squares_rows, squares_columns},
                      {prod_rows, prod_columns}},
};
