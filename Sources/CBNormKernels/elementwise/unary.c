#include "bnk/unary.h"

#include "bnk/cpu.h"
#include "bnk/threads.h"
#include "unary_tables.h"

bnk_unary_fn bnk_unary(enum bnk_unary_op op, enum bnk_dtype dtype) {
  if ((unsigned)op >= BNK_UNARY_COUNT || (unsigned)dtype >= BNK_TABLE_DTYPES) return NULL;
  bnk_unary_fn fn = NULL;
  switch (bnk_tier()) {
#if defined(__x86_64__)
    case BNK_TIER_AVX512: fn = bnk_unary_table__avx512[op][dtype]; break;
    case BNK_TIER_AVX2: fn = bnk_unary_table__avx2[op][dtype]; break;
#endif
    default: fn = bnk_unary_table__portable[op][dtype]; break;
  }
  if (!fn) fn = bnk_unary_table__integer[op][dtype];
  if (!fn) fn = bnk_unary_table__double[op][dtype];
  if (!fn) fn = bnk_unary_table__complex[op][dtype];
  if (!fn) fn = bnk_unary_table__special[op][dtype];
  return fn;
}

bnk_leaky_relu_fn bnk_leaky_relu(enum bnk_dtype dtype) {
  if ((unsigned)dtype >= BNK_TABLE_DTYPES) return NULL;
  switch (bnk_tier()) {
#if defined(__x86_64__)
    case BNK_TIER_AVX512: return bnk_leaky_relu_table__avx512[dtype];
    case BNK_TIER_AVX2: return bnk_leaky_relu_table__avx2[dtype];
#endif
    default: return bnk_leaky_relu_table__portable[dtype];
  }
}

/// Elements that are worth a thread of their own.
static size_t grain(enum bnk_unary_op op) {
  switch (op) {
    case BNK_UNARY_ABS:
    case BNK_UNARY_NEG:
    case BNK_UNARY_SIGN:
    case BNK_UNARY_SQUARE:
    case BNK_UNARY_RELU:
    case BNK_UNARY_RELU6:
    case BNK_UNARY_FLOOR:
    case BNK_UNARY_CEIL:
    case BNK_UNARY_ROUND:
    case BNK_UNARY_INVERT:
    case BNK_UNARY_LOGICAL_NOT:
    case BNK_UNARY_IS_NAN:
    case BNK_UNARY_IS_INF:
    case BNK_UNARY_IS_FINITE:
    case BNK_UNARY_CONJ:
    case BNK_UNARY_REAL:
    case BNK_UNARY_IMAG: return 32768;
    default: break;
  }
  if (op > BNK_UNARY_ERFC && op <= BNK_UNARY_SPENCE) return 512;
  return 8192;
}

struct unary_job {
  bnk_unary_fn fn;
  const char *x;
  char *y;
  size_t x_size, y_size;
};

static void run(void *context, size_t begin, size_t end) {
  const struct unary_job *job = context;
  job->fn(job->x + begin * job->x_size, job->y + begin * job->y_size, end - begin);
}

void bnk_unary_parallel(bnk_unary_fn fn, enum bnk_unary_op op, size_t x_size, size_t y_size,
                        const void *x, void *y, size_t n) {
  struct unary_job job = {fn, x, y, x_size, y_size};
  bnk_parallel_for(n, grain(op), run, &job);
}
