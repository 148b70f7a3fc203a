// Included by epilogue.c for each type: T, SUFFIX.
#define JOIN_(A, B) A##B
#define JOIN(A, B) JOIN_(A, B)
#define NAME(BASE) JOIN(BASE, SUFFIX)

void NAME(bnk_nn_epilogue_)(const struct bnk_nn_epilogue *e, const T *bias, const T *residual,
                            size_t residual_stride, size_t rows, size_t n, T *x, size_t stride) {
  for (size_t r = 0; r < rows; r++) {
    T *row = x + r * stride;
    const T *other = residual ? residual + r * residual_stride : NULL;
    if (bias) {
      for (size_t j = 0; j < n; j++) row[j] += bias[j];
    }
    if (other && !e->residual_last) {
      for (size_t j = 0; j < n; j++) row[j] += other[j];
    }
    NAME(activate_row_)(e, n, row);
    if (other && e->residual_last) {
      for (size_t j = 0; j < n; j++) row[j] += other[j];
    }
  }
}

#undef NAME
#undef JOIN
#undef JOIN_
