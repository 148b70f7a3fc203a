// Matrix products of integers, wrapping on overflow.
#include <string.h>

#include "bnk/nn_generic.h"

#define GEMM(NAME, T, U)                                                                         \
  void NAME(size_t m, size_t n, size_t k, const T *a, size_t a_row, size_t a_column, const T *b, \
            size_t b_row, size_t b_column, T *c, size_t ldc, int accumulate) {                   \
    for (size_t i = 0; i < m; i++) {                                                             \
      T *row = c + i * ldc;                                                                      \
      if (!accumulate) memset(row, 0, n * sizeof(T));                                            \
      for (size_t l = 0; l < k; l++) {                                                           \
        const U factor = (U)a[i * a_row + l * a_column];                                         \
        const T *other = b + l * b_row;                                                          \
        if (b_column == 1) {                                                                     \
          for (size_t j = 0; j < n; j++) row[j] = (T)((U)row[j] + (U)(factor * (U)other[j]));    \
        } else {                                                                                 \
          for (size_t j = 0; j < n; j++) {                                                       \
            row[j] = (T)((U)row[j] + (U)(factor * (U)other[j * b_column]));                      \
          }                                                                                      \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
  }

GEMM(bnk_nn_gemm_i16, int16_t, uint32_t)
GEMM(bnk_nn_gemm_i32, int32_t, uint32_t)
GEMM(bnk_nn_gemm_i64, int64_t, uint64_t)
