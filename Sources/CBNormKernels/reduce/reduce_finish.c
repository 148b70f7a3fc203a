#include <complex.h>
#include <math.h>
#include <string.h>

#include "bnk/cast.h"
#include "reduce_job.h"

union accumulator {
  double f;
  int64_t i;
  uint64_t u;
};

static union accumulator identity(const struct bnk_reduce *plan, enum bnk_hub hub) {
  const int largest = plan->op == BNK_REDUCE_MAX, smallest = plan->op == BNK_REDUCE_MIN;
  const int bits = 8 * (int)bnk_dtype_size(plan->dtype);
  union accumulator a = {.i = 0};
  if (hub == BNK_HUB_F32 || hub == BNK_HUB_F64) {
    a.f = plan->op == BNK_REDUCE_PROD ? 1 : largest ? -INFINITY : smallest ? INFINITY : 0;
    return a;
  }
  if (plan->op == BNK_REDUCE_PROD || plan->op == BNK_REDUCE_ALL) a.i = 1;
  if (!largest && !smallest) return a;
  switch (plan->dtype) {
    case BNK_UINT8:
    case BNK_UINT16:
    case BNK_UINT32:
    case BNK_UINT64:
    case BNK_QUINT8:
    case BNK_QUINT16: a.u = largest ? 0 : UINT64_MAX >> (64 - bits); break;
    default: a.i = largest ? INT64_MIN >> (64 - bits) : INT64_MAX >> (64 - bits); break;
  }
  return a;
}

void bnk_reduce_begin(const struct bnk_reduce_job *job, char *acc, size_t n) {
  const union accumulator a = identity(job->plan, job->hub);
  if (job->hub == BNK_HUB_C128) {
    for (size_t i = 0; i < n; i++) {
      ((double *)acc)[2 * i] = (double)a.i;
      ((double *)acc)[2 * i + 1] = 0;
    }
  } else {
    for (size_t i = 0; i < n; i++) memcpy(acc + 8 * i, &a, 8);
  }
}

/// Roots of sums that have wrapped to the width of the dtype.
static void integer_roots(enum bnk_dtype dtype, char *acc, size_t n) {
  int64_t *s = (int64_t *)acc;
  uint64_t *u = (uint64_t *)acc;
  const int shift = 64 - 8 * (int)bnk_dtype_size(dtype);
  const int is_unsigned = dtype == BNK_UINT8 || dtype == BNK_UINT16 || dtype == BNK_UINT32 ||
                          dtype == BNK_UINT64;
  for (size_t i = 0; i < n; i++) {
    u[i] <<= shift;
    if (is_unsigned) {
      u[i] = (uint64_t)sqrt((double)(u[i] >> shift));
    } else {
      s[i] >>= shift;
      s[i] = s[i] < 0 ? 0 : (int64_t)sqrt((double)s[i]);
    }
  }
}

void bnk_reduce_finish(const struct bnk_reduce_job *job, char *acc, size_t first, size_t n) {
  const struct bnk_reduce *p = job->plan;
  char *y = job->y + first * job->size;
  if (job->hub == BNK_HUB_C128) {
    double _Complex *c = (double _Complex *)acc;
    for (size_t i = 0; i < n; i++) {
      if (p->op == BNK_REDUCE_MEAN) c[i] = p->reduced ? c[i] / (double)p->reduced : 0;
      if (p->op == BNK_REDUCE_EUCLIDEAN_NORM) c[i] = csqrt(c[i]);
    }
    bnk_cast(BNK_COMPLEX128, p->dtype, 0, acc, y, n);
    return;
  }
  const int is_float = job->hub == BNK_HUB_F32 || job->hub == BNK_HUB_F64;
  double *f = (double *)acc;
  int64_t *s = (int64_t *)acc;
  uint64_t *u = (uint64_t *)acc;
  if (p->op == BNK_REDUCE_MEAN) {
    const double count = (double)p->reduced;
    if (is_float)
      for (size_t i = 0; i < n; i++) f[i] /= count;
    else if (p->reduced == 0)
      memset(acc, 0, 8 * n);
    else if (job->hub == BNK_HUB_U64)
      for (size_t i = 0; i < n; i++) u[i] /= p->reduced;
    else
      for (size_t i = 0; i < n; i++) s[i] /= (int64_t)p->reduced;
  } else if (p->op == BNK_REDUCE_EUCLIDEAN_NORM) {
    // TensorFlow's sum of squares of halves is a half, which overflows.
    const double most = p->dtype == BNK_HALF ? 65520 : INFINITY;
    if (is_float)
      for (size_t i = 0; i < n; i++) f[i] = f[i] >= most ? INFINITY : sqrt(f[i]);
    else
      integer_roots(p->dtype, acc, n);
  } else if (p->op == BNK_REDUCE_L2_LOSS) {
    for (size_t i = 0; i < n; i++) f[i] *= 0.5;
  }
  const enum bnk_dtype from = is_float ? BNK_DOUBLE : hub_dtype(job->hub);
  bnk_cast(from, p->dtype, 0, acc, y, n);
}
