#include "bnorm_product.h"

#include <cblas.h>
#include <complex.h>
#include <stdbool.h>

#include "bnk/threads.h"
#include "bnorm_linalg.h"

typedef float _Complex c64;
typedef double _Complex c128;

/// One product, or a part of its rows or columns.
struct part {
  int64_t m, n, k, a_row, a_column, b_row, b_column, c_row, c_column;
};

// Integers wrap, as unsigned arithmetic does.
#define TYPES(X)                                                        \
  X(BNK_FLOAT, f32, float) X(BNK_DOUBLE, f64, double) X(BNK_COMPLEX64, c64, c64) \
  X(BNK_COMPLEX128, c128, c128) X(BNK_INT32, i32, uint32_t) X(BNK_INT64, i64, uint64_t)

#define PLAIN(DTYPE, suffix, T)                                                              \
  static void plain_##suffix(const struct part *p, const T *a, const T *b, T *c) {           \
    for (int64_t i = 0; i < p->m; i++) {                                                     \
      T *out = c + i * p->c_row;                                                             \
      const T *row = a + i * p->a_row;                                                       \
      if (p->n == 1) {                                                                       \
        T sum = 0;                                                                           \
        for (int64_t k = 0; k < p->k; k++) sum += row[k * p->a_column] * b[k * p->b_row];    \
        out[0] = sum;                                                                        \
        continue;                                                                            \
      }                                                                                      \
      for (int64_t j = 0; j < p->n; j++) out[j * p->c_column] = 0;                           \
      for (int64_t k = 0; k < p->k; k++) {                                                   \
        const T x = row[k * p->a_column];                                                    \
        const T *other = b + k * p->b_row;                                                   \
        if (p->b_column == 1 && p->c_column == 1) {                                          \
          for (int64_t j = 0; j < p->n; j++) out[j] += x * other[j];                         \
        } else {                                                                             \
          for (int64_t j = 0; j < p->n; j++) out[j * p->c_column] += x * other[j * p->b_column]; \
        }                                                                                    \
      }                                                                                      \
    }                                                                                        \
  }
TYPES(PLAIN)

/// A matrix as BLAS takes it: one of its strides is 1, the other not below the row length.
static bool blas_matrix(
    int64_t rows, int64_t columns, int64_t row, int64_t column, CBLAS_TRANSPOSE *transpose,
    int *leading) {
  if (columns == 1) column = 1;
  if (rows == 1) row = columns;
  if (column == 1 && row >= columns && row <= INT32_MAX) {
    *transpose = CblasNoTrans;
    *leading = (int)row;
    return true;
  }
  if (rows == 1) row = 1;
  if (columns == 1) column = rows;
  if (row == 1 && column >= rows && column <= INT32_MAX) {
    *transpose = CblasTrans;
    *leading = (int)column;
    return true;
  }
  return false;
}

static void gemm(
    enum bnk_dtype dtype, CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k,
    const void *a, int lda, const void *b, int ldb, void *c, int ldc) {
  const c64 one_f = 1, zero_f = 0;
  const c128 one = 1, zero = 0;
  switch (dtype) {
    case BNK_FLOAT:
      cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, 0, c, ldc);
      break;
    case BNK_DOUBLE:
      cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, 0, c, ldc);
      break;
    case BNK_COMPLEX64:
      cblas_cgemm(CblasRowMajor, ta, tb, m, n, k, &one_f, a, lda, b, ldb, &zero_f, c, ldc);
      break;
    default: cblas_zgemm(CblasRowMajor, ta, tb, m, n, k, &one, a, lda, b, ldb, &zero, c, ldc);
  }
}

/// The product by BLAS if it is large enough and its layout allows.
static bool multiply_blas(
    enum bnk_dtype dtype, struct part p, const void *a, const void *b, void *c) {
  if (dtype == BNK_INT32 || dtype == BNK_INT64 || p.k == 0) return false;
  if (p.m * p.n * p.k < 512 || p.m > INT32_MAX || p.n > INT32_MAX || p.k > INT32_MAX) return false;
  CBLAS_TRANSPOSE ta, tb, tc;
  int lda, ldb, ldc;
  if (!blas_matrix(p.m, p.n, p.c_row, p.c_column, &tc, &ldc)) return false;
  if (tc == CblasTrans) {
    // C' = B' A'
    p = (struct part){p.n, p.m, p.k, p.b_column, p.b_row, p.a_column, p.a_row, p.c_column, p.c_row};
    const void *t = a;
    a = b;
    b = t;
  }
  if (!blas_matrix(p.m, p.k, p.a_row, p.a_column, &ta, &lda)) return false;
  if (!blas_matrix(p.k, p.n, p.b_row, p.b_column, &tb, &ldb)) return false;
  gemm(dtype, ta, tb, (int)p.m, (int)p.n, (int)p.k, a, lda, b, ldb, c, ldc);
  return true;
}

static void multiply(
    enum bnk_dtype dtype, const struct part *p, const void *a, const void *b, void *c) {
  if (p->m == 0 || p->n == 0 || multiply_blas(dtype, *p, a, b, c)) return;
  switch (dtype) {
#define CASE(DTYPE, suffix, T) \
  case DTYPE: plain_##suffix(p, a, b, c); break;
    TYPES(CASE)
#undef CASE
    default: break;
  }
}

static size_t element_size(enum bnk_dtype dtype) {
  switch (dtype) {
    case BNK_FLOAT:
    case BNK_INT32: return 4;
    case BNK_COMPLEX128: return 16;
    default: return 8;
  }
}

struct job {
  const struct bla_product *product;
  const char *a, *b;
  char *c;
  size_t parts;
  bool by_rows;
};

static void work(void *context, size_t begin, size_t end) {
  const struct job *job = context;
  const struct bla_product *p = job->product;
  const int64_t size = (int64_t)element_size(p->dtype);
  for (size_t task = begin; task < end; task++) {
    int64_t rest = (int64_t)(task / job->parts), a = 0, b = 0, c = 0;
    for (int d = p->batch_rank - 1; d >= 0; d--) {
      const int64_t i = rest % p->batch_size[d];
      rest /= p->batch_size[d];
      a += i * p->a_batch[d];
      b += i * p->b_batch[d];
      c += i * p->c_batch[d];
    }
    struct part part = {p->m,     p->n,        p->k,     p->a_row,   p->a_column,
                        p->b_row, p->b_column, p->c_row, p->c_column};
    const int64_t all = job->by_rows ? p->m : p->n, parts = (int64_t)job->parts;
    const int64_t which = (int64_t)(task % job->parts);
    const int64_t from = all * which / parts / 8 * 8;
    const int64_t to = which + 1 == parts ? all : all * (which + 1) / parts / 8 * 8;
    if (job->by_rows) {
      part.m = to - from;
      a += from * p->a_row;
      c += from * p->c_row;
    } else {
      part.n = to - from;
      b += from * p->b_column;
      c += from * p->c_column;
    }
    multiply(p->dtype, &part, job->a + a * size, job->b + b * size, job->c + c * size);
  }
}

void bla_product_run(const struct bla_product *product, const void *a, const void *b, void *c) {
  bla_prepare();
  size_t batch = 1;
  for (int d = 0; d < product->batch_rank; d++) batch *= (size_t)product->batch_size[d];
  const double cost = (double)product->m * (double)product->n * (double)(product->k + 1);
  struct job job = {product, a, b, c, 1, product->m >= product->n};
  const int64_t longer = job.by_rows ? product->m : product->n;
  // A few large products are cut, always alike, so that threads have something to share.
  if (batch < 8 && cost > 1e6) {
    const double wanted = cost / 5e5 < 16 ? cost / 5e5 : 16;
    const int64_t most = longer / 32 > 1 ? longer / 32 : 1;
    job.parts = wanted < (double)most ? (size_t)wanted : (size_t)most;
  }
  const double task_cost = cost / (double)job.parts + 1;
  bnk_parallel_for(batch * job.parts, 1 + (size_t)(50000 / task_cost), work, &job);
}

// Sums

struct sums {
  const void *in;
  void *out;
  int rank, reduce_rank;
  const int64_t *sizes, *strides, *reduce_sizes, *reduce_strides;
};

static int64_t offset(int64_t i, int rank, const int64_t *sizes, const int64_t *strides) {
  int64_t at = 0;
  for (int d = rank - 1; d >= 0; d--) {
    at += i % sizes[d] * strides[d];
    i /= sizes[d];
  }
  return at;
}

#define SUM(DTYPE, suffix, T)                                                                   \
  static void sum_##suffix(void *context, size_t begin, size_t end) {                           \
    const struct sums *s = context;                                                             \
    const int last = s->reduce_rank - 1;                                                        \
    int64_t outer = 1;                                                                          \
    for (int d = 0; d < last; d++) outer *= s->reduce_sizes[d];                                 \
    const int64_t inner = last >= 0 ? s->reduce_sizes[last] : 1;                                \
    const int64_t stride = last >= 0 ? s->reduce_strides[last] : 0;                             \
    for (size_t i = begin; i < end; i++) {                                                      \
      const T *in = (const T *)s->in + offset((int64_t)i, s->rank, s->sizes, s->strides);       \
      T sum = 0;                                                                                \
      for (int64_t j = 0; j < outer; j++) {                                                     \
        const T *p = in + offset(j, last, s->reduce_sizes, s->reduce_strides);                  \
        for (int64_t k = 0; k < inner; k++) sum += p[k * stride];                               \
      }                                                                                         \
      ((T *)s->out)[i] = sum;                                                                   \
    }                                                                                           \
  }
TYPES(SUM)

void bla_sum_strided(
    enum bnk_dtype dtype, const void *in, void *out, int rank, const int64_t *sizes,
    const int64_t *strides, int reduce_rank, const int64_t *reduce_sizes,
    const int64_t *reduce_strides) {
  struct sums sums = {in, out, rank, reduce_rank, sizes, strides, reduce_sizes, reduce_strides};
  size_t count = 1, reduced = 1;
  for (int d = 0; d < rank; d++) count *= (size_t)sizes[d];
  for (int d = 0; d < reduce_rank; d++) reduced *= (size_t)reduce_sizes[d];
  const size_t grain = 1 + 16384 / (reduced + 1);
  switch (dtype) {
#define CASE(DTYPE, suffix, T) \
  case DTYPE: bnk_parallel_for(count, grain, sum_##suffix, &sums); break;
    TYPES(CASE)
#undef CASE
    default: break;
  }
}
