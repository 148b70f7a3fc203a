#include "bnk/select.h"

#include <string.h>

#include "bnk/threads.h"

int bnk_select_plan(struct bnk_select *plan, int rank, const int64_t *dims, const int64_t *c_dims,
                    const int64_t *a_dims, const int64_t *b_dims) {
  plan->rank = 0;
  plan->count = 1;
  size_t c_size = 1, a_size = 1, b_size = 1;
  int last = -1;  // Which operands repeat in the latest kept dimension.
  for (int i = rank - 1; i >= 0; i--) {
    const size_t d = (size_t)dims[i];
    plan->count *= d;
    if (d == 1) continue;
    const int rc = c_dims[i] == 1, ra = a_dims[i] == 1, rb = b_dims[i] == 1;
    const int kind = rc | ra << 1 | rb << 2;
    if (kind == last) {
      plan->dims[plan->rank - 1] *= d;
    } else {
      if (plan->rank == BNK_SELECT_DIMS) return 0;
      plan->dims[plan->rank] = d;
      plan->c_strides[plan->rank] = rc ? 0 : c_size;
      plan->a_strides[plan->rank] = ra ? 0 : a_size;
      plan->b_strides[plan->rank] = rb ? 0 : b_size;
      plan->rank++;
      last = kind;
    }
    if (!rc) c_size *= d;
    if (!ra) a_size *= d;
    if (!rb) b_size *= d;
  }
  if (plan->rank == 0) {
    plan->rank = 1;
    plan->dims[0] = 1;
    plan->c_strides[0] = plan->a_strides[0] = plan->b_strides[0] = 1;
  }
  return 1;
}

typedef struct {
  uint64_t low, high;
} sixteen;

/// One run; a step is 0 or 1.
#define RUN(name, T)                                                                          \
  static void name(const uint8_t *c, size_t cs, const void *av, size_t as, const void *bv,    \
                   size_t bs, void *yv, size_t n) {                                           \
    const T *a = av, *b = bv;                                                                 \
    T *y = yv;                                                                                \
    if (!cs) {                                                                                \
      const T *from = *c ? a : b;                                                             \
      const size_t step = *c ? as : bs;                                                       \
      if (step) memmove(y, from, n * sizeof(T));                                              \
      else                                                                                    \
        for (size_t i = 0; i < n; i++) y[i] = from[0];                                        \
    } else if (as && bs) {                                                                    \
      for (size_t i = 0; i < n; i++) {                                                        \
        const T u = a[i], v = b[i];                                                           \
        y[i] = c[i] ? u : v;                                                                  \
      }                                                                                       \
    } else if (as) {                                                                          \
      const T v = b[0];                                                                       \
      for (size_t i = 0; i < n; i++) {                                                        \
        const T u = a[i];                                                                     \
        y[i] = c[i] ? u : v;                                                                  \
      }                                                                                       \
    } else if (bs) {                                                                          \
      const T u = a[0];                                                                       \
      for (size_t i = 0; i < n; i++) {                                                        \
        const T v = b[i];                                                                     \
        y[i] = c[i] ? u : v;                                                                  \
      }                                                                                       \
    } else {                                                                                  \
      const T u = a[0], v = b[0];                                                             \
      for (size_t i = 0; i < n; i++) y[i] = c[i] ? u : v;                                     \
    }                                                                                         \
  }

RUN(run1, uint8_t)
RUN(run2, uint16_t)
RUN(run4, uint32_t)
RUN(run8, uint64_t)
RUN(run16, sixteen)

typedef void (*run_fn)(const uint8_t *, size_t, const void *, size_t, const void *, size_t, void *,
                       size_t);

#define PIECE 16384

struct job {
  const struct bnk_select *plan;
  run_fn run;
  size_t size, pieces, piece;
  const uint8_t *c;
  const char *a, *b;
  char *y;
};

static void select_range(void *context, size_t begin, size_t end) {
  const struct job *job = context;
  const struct bnk_select *p = job->plan;
  const size_t n = p->dims[0];
  for (size_t t = begin; t < end; t++) {
    const size_t outer = t / job->pieces, start = t % job->pieces * job->piece;
    const size_t length = n - start < job->piece ? n - start : job->piece;
    size_t c = start * p->c_strides[0], a = start * p->a_strides[0], b = start * p->b_strides[0];
    size_t rest = outer;
    for (int d = 1; d < p->rank; d++) {
      const size_t k = rest % p->dims[d];
      rest /= p->dims[d];
      c += k * p->c_strides[d];
      a += k * p->a_strides[d];
      b += k * p->b_strides[d];
    }
    job->run(job->c + c, p->c_strides[0], job->a + a * job->size, p->a_strides[0],
             job->b + b * job->size, p->b_strides[0], job->y + (outer * n + start) * job->size,
             length);
  }
}

void bnk_select_run(const struct bnk_select *plan, size_t size, const uint8_t *c, const void *a,
                    const void *b, void *y) {
  if (plan->count == 0) return;
  const size_t n = plan->dims[0];
  const run_fn run = size == 1   ? run1
                     : size == 2 ? run2
                     : size == 4 ? run4
                     : size == 8 ? run8
                                 : run16;
  struct job job = {plan, run, size, 1, n < PIECE ? n : PIECE, c, a, b, y};
  job.pieces = (n + job.piece - 1) / job.piece;
  bnk_parallel_for(plan->count / n * job.pieces, 32768 / job.piece + 1, select_range, &job);
}
