#include "bnk/sparse.h"

#include "bnk/threads.h"

/// A range of columns of one product.
struct job {
  const struct bnk_sparse_product *product;
  void *out;
};

#define REAL(NAME, TYPE, ARITHMETIC)                                                    \
  static void NAME(void *context, size_t begin, size_t end) {                           \
    const struct job *job = context;                                                    \
    const struct bnk_sparse_product *p = job->product;                                  \
    const TYPE *values = p->values;                                                     \
    for (size_t e = 0; e < p->count; ++e) {                                             \
      const TYPE *x = (const TYPE *)p->dense + (size_t)p->columns[e] * p->width;        \
      TYPE *y = (TYPE *)job->out + (size_t)p->rows[e] * p->width;                       \
      const ARITHMETIC a = (ARITHMETIC)values[e];                                       \
      for (size_t j = begin; j < end; ++j)                                              \
        y[j] = (TYPE)((ARITHMETIC)y[j] + a * (ARITHMETIC)x[j]);                         \
    }                                                                                   \
  }

#define COMPLEX(NAME, TYPE)                                                             \
  static void NAME(void *context, size_t begin, size_t end) {                           \
    const struct job *job = context;                                                    \
    const struct bnk_sparse_product *p = job->product;                                  \
    const TYPE *values = p->values;                                                     \
    const TYPE sign = p->conjugate_dense ? -1 : 1;                                      \
    for (size_t e = 0; e < p->count; ++e) {                                             \
      const TYPE *x = (const TYPE *)p->dense + 2 * (size_t)p->columns[e] * p->width;    \
      TYPE *y = (TYPE *)job->out + 2 * (size_t)p->rows[e] * p->width;                   \
      const TYPE re = values[2 * e], im = p->conjugate ? -values[2 * e + 1] : values[2 * e + 1]; \
      for (size_t j = begin; j < end; ++j) {                                            \
        const TYPE xr = x[2 * j], xi = sign * x[2 * j + 1];                             \
        y[2 * j] += re * xr - im * xi;                                                  \
        y[2 * j + 1] += re * xi + im * xr;                                              \
      }                                                                                 \
    }                                                                                   \
  }

REAL(run_float, float, float)
REAL(run_double, double, double)
REAL(run_int32, int32_t, uint32_t)
REAL(run_int64, int64_t, uint64_t)
COMPLEX(run_complex64, float)
COMPLEX(run_complex128, double)

bool bnk_sparse_product_run(const struct bnk_sparse_product *product, enum bnk_dtype dtype,
                            void *out) {
  bnk_range_fn fn;
  switch (dtype) {
    case BNK_FLOAT: fn = run_float; break;
    case BNK_DOUBLE: fn = run_double; break;
    case BNK_INT32: fn = run_int32; break;
    case BNK_INT64: fn = run_int64; break;
    case BNK_COMPLEX64: fn = run_complex64; break;
    case BNK_COMPLEX128: fn = run_complex128; break;
    default: return false;
  }
  struct job job = {product, out};
  // Each thread takes columns of its own, so sums do not depend on the number of threads.
  const size_t work = product->count ? 1 + 65536 / product->count : product->width;
  bnk_parallel_for(product->width, work > 64 ? work : 64, fn, &job);
  return true;
}
