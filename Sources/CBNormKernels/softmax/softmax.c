#include "bnk/softmax.h"

#include "bnk/cpu.h"
#include "bnk/threads.h"
#include "softmax_tables.h"

struct job {
  bnk_softmax_fn fn;
  const char *x;
  char *y;
  size_t row_bytes, n;
  int logarithm;
};

static void run(void *context, size_t begin, size_t end) {
  const struct job *job = context;
  job->fn(job->x + begin * job->row_bytes, job->y + begin * job->row_bytes, end - begin, job->n,
          job->logarithm);
}

int bnk_softmax(enum bnk_dtype dtype, int logarithm, const void *x, void *y, size_t rows,
                size_t n) {
  int column;
  size_t size;
  switch (dtype) {
    case BNK_FLOAT: column = 0, size = 4; break;
    case BNK_HALF: column = 1, size = 2; break;
    case BNK_BFLOAT16: column = 2, size = 2; break;
    case BNK_DOUBLE: column = 3, size = 8; break;
    default: return 0;
  }
  if (rows == 0 || n == 0) return 1;
  bnk_softmax_fn fn;
  switch (bnk_tier()) {
#if defined(__x86_64__)
    case BNK_TIER_AVX512: fn = bnk_softmax_table__avx512[column]; break;
    case BNK_TIER_AVX2: fn = bnk_softmax_table__avx2[column]; break;
#endif
    default: fn = bnk_softmax_table__portable[column]; break;
  }
  struct job job = {fn, x, y, n * size, n, logarithm};
  bnk_parallel_for(rows, 8192 / n + 1, run, &job);
  return 1;
}
