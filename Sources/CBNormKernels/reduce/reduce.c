#include "bnk/reduce.h"

#include <complex.h>
#include <math.h>
#include <string.h>

#include "bnk/cast.h"
#include "bnk/cpu.h"
#include "bnk/threads.h"
#include "reduce_loops.h"

// Elements that are converted at a time.
#define BUFFER 1024
// Elements of a segment, the unit of cutting: several fit the first level cache.
#define SEGMENT 4096
// Output columns that are accumulated together.
#define COLUMNS 512
// What a piece reduces at least, when outputs alone do not occupy the threads, and how many
// pieces and blocks there are at most in that case.
#define PIECE_SEGMENTS 8
#define MAX_PIECES 64

static enum bnk_hub hub_of(enum bnk_dtype dtype) {
  switch (dtype) {
    case BNK_FLOAT:
    case BNK_HALF:
    case BNK_BFLOAT16: return BNK_HUB_F32;
    case BNK_DOUBLE: return BNK_HUB_F64;
    case BNK_UINT64: return BNK_HUB_U64;
    case BNK_COMPLEX64:
    case BNK_COMPLEX128: return BNK_HUB_C128;
    default: return BNK_HUB_I64;
  }
}

static enum bnk_dtype hub_dtype(enum bnk_hub hub) {
  static const enum bnk_dtype dtypes[] = {BNK_FLOAT, BNK_DOUBLE, BNK_INT64, BNK_UINT64,
                                          BNK_COMPLEX128};
  return dtypes[hub];
}

static size_t size_of(enum bnk_dtype dtype) {
  switch (dtype) {
    case BNK_COMPLEX128: return 16;
    case BNK_DOUBLE:
    case BNK_INT64:
    case BNK_UINT64:
    case BNK_COMPLEX64: return 8;
    case BNK_FLOAT:
    case BNK_INT32:
    case BNK_UINT32:
    case BNK_QINT32: return 4;
    case BNK_HALF:
    case BNK_BFLOAT16:
    case BNK_INT16:
    case BNK_UINT16:
    case BNK_QINT16:
    case BNK_QUINT16: return 2;
    default: return 1;
  }
}

static enum bnk_fold fold_of(enum bnk_reduce_op op) {
  switch (op) {
    case BNK_REDUCE_PROD: return BNK_FOLD_PROD;
    case BNK_REDUCE_MAX:
    case BNK_REDUCE_ANY: return BNK_FOLD_MAX;
    case BNK_REDUCE_MIN:
    case BNK_REDUCE_ALL: return BNK_FOLD_MIN;
    case BNK_REDUCE_EUCLIDEAN_NORM:
    case BNK_REDUCE_L2_LOSS: return BNK_FOLD_SQUARES;
    default: return BNK_FOLD_SUM;
  }
}

static struct bnk_fold_loops loops_of(enum bnk_hub hub, enum bnk_fold fold) {
  if (hub == BNK_HUB_C128) return bnk_fold_table__complex[hub][fold];
  switch (bnk_tier()) {
#if defined(__x86_64__)
    case BNK_TIER_AVX512: return bnk_fold_table__avx512[hub][fold];
    case BNK_TIER_AVX2: return bnk_fold_table__avx2[hub][fold];
#endif
    default: return bnk_fold_table__portable[hub][fold];
  }
}

static int takes(enum bnk_reduce_op op, enum bnk_dtype dtype) {
  const int is_complex = dtype == BNK_COMPLEX64 || dtype == BNK_COMPLEX128;
  switch (op) {
    case BNK_REDUCE_ALL:
    case BNK_REDUCE_ANY: return dtype == BNK_BOOL;
    case BNK_REDUCE_MAX:
    case BNK_REDUCE_MIN:
    case BNK_REDUCE_L2_LOSS: return !is_complex && dtype != BNK_BOOL;
    default: return dtype != BNK_BOOL;
  }
}

static size_t accumulator_size(enum bnk_hub hub) { return hub == BNK_HUB_C128 ? 16 : 8; }

static size_t ceil_div(size_t a, size_t b) { return (a + b - 1) / b; }

int bnk_reduce_plan(struct bnk_reduce *plan, enum bnk_reduce_op op, enum bnk_dtype dtype,
                    const int64_t *dims, const uint8_t *mask, int rank) {
  memset(plan, 0, sizeof *plan);
  if ((unsigned)dtype > BNK_UINT64 || dtype == BNK_STRING || dtype == BNK_RESOURCE ||
      dtype == BNK_VARIANT || !takes(op, dtype))
    return 0;
  plan->op = op;
  plan->dtype = dtype;
  plan->count = plan->outputs = plan->reduced = 1;
  plan->run = 1;
  size_t stride = 1;
  int last = -1;
  for (int i = rank - 1; i >= 0; i--) {
    const size_t d = (size_t)dims[i];
    const int reduced = mask[i] != 0;
    plan->count *= d;
    *(reduced ? &plan->reduced : &plan->outputs) *= d;
    if (d == 1) continue;
    int *count = reduced ? &plan->reduced_rank : &plan->kept_rank;
    size_t *all = reduced ? plan->reduced_dims : plan->kept_dims;
    size_t *strides = reduced ? plan->reduced_strides : plan->kept_strides;
    if (last == -1 || (last == reduced && plan->kept_rank + plan->reduced_rank == 0)) {
      plan->run *= d;
      plan->run_is_reduced = reduced;
    } else if (last == reduced) {
      all[*count - 1] *= d;
    } else {
      if (*count == BNK_REDUCE_DIMS) return 0;
      all[*count] = d;
      strides[*count] = stride;
      ++*count;
    }
    last = reduced;
    stride *= d;
  }
  if (last == -1) plan->run_is_reduced = 1;
  const enum bnk_hub hub = hub_of(dtype);
  if (plan->count == 0) return 1;
  if (plan->run_is_reduced) {
    // A segment is a part of a run, or a whole short one.
    plan->columns = 1;
    plan->blocks = plan->outputs;
    plan->segments = plan->reduced / plan->run * ceil_div(plan->run, SEGMENT);
  } else {
    plan->columns = plan->run < COLUMNS ? plan->run : COLUMNS;
    plan->blocks = plan->outputs / plan->run * ceil_div(plan->run, plan->columns);
    if (plan->reduced_rank == 0) {
      plan->reduced_rank = 1;
      plan->reduced_dims[0] = 1;
    }
    const size_t rows = SEGMENT / plan->columns;
    const size_t inner = plan->reduced_dims[0];
    plan->segments = plan->reduced / inner * ceil_div(inner, rows);
  }
  plan->pieces = 1;
  if (plan->blocks < MAX_PIECES && plan->segments >= 2 * PIECE_SEGMENTS) {
    const size_t pieces = plan->segments / PIECE_SEGMENTS;
    const size_t most = MAX_PIECES / plan->blocks;
    plan->pieces = pieces < most ? pieces : most;
  }
  plan->scratch_bytes = plan->pieces * plan->outputs * accumulator_size(hub);
  return 1;
}

struct job {
  const struct bnk_reduce *plan;
  enum bnk_hub hub;
  struct bnk_fold_loops loops;
  size_t size;  // Of an element.
  const char *x;
  char *y, *acc;
};

union accumulator {
  double f;
  int64_t i;
  uint64_t u;
};

static union accumulator identity(const struct bnk_reduce *plan, enum bnk_hub hub) {
  const int largest = plan->op == BNK_REDUCE_MAX, smallest = plan->op == BNK_REDUCE_MIN;
  const int bits = 8 * (int)size_of(plan->dtype);
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

static void set_identity(const struct job *job, char *acc, size_t n) {
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

static size_t locate(int rank, const size_t *dims, const size_t *strides, size_t index) {
  size_t offset = 0;
  for (int d = 0; d < rank; d++) {
    offset += index % dims[d] * strides[d];
    index /= dims[d];
  }
  return offset;
}

static int is_hub(const struct job *job) { return job->plan->dtype == hub_dtype(job->hub); }

/// Rows of `n` elements that follow one another, each into its accumulator.
static void fold_rows(const struct job *job, const char *x, size_t rows, size_t n, char *acc) {
  if (is_hub(job)) {
    job->loops.rows(x, rows, n, acc);
    return;
  }
  double buffer[2 * BUFFER];
  const enum bnk_dtype to = hub_dtype(job->hub);
  const size_t a = accumulator_size(job->hub);
  const size_t group = n < BUFFER ? BUFFER / (n ? n : 1) : 1;
  for (size_t r = 0; r < rows; r += group) {
    const size_t m = rows - r < group ? rows - r : group;
    for (size_t i = 0; i < n; i += BUFFER) {
      const size_t part = group > 1 ? m * n : n - i < BUFFER ? n - i : BUFFER;
      bnk_cast(job->plan->dtype, to, 0, x + (r * n + i) * job->size, buffer, part);
      job->loops.rows(buffer, group > 1 ? m : 1, group > 1 ? n : part, acc + r * a);
      if (group > 1) break;
    }
  }
}

static void fold_columns(const struct job *job, const char *x, size_t rows, size_t columns,
                         size_t stride, char *acc) {
  if (is_hub(job)) {
    job->loops.columns(x, rows, columns, stride, acc);
    return;
  }
  double buffer[2 * BUFFER];
  const enum bnk_dtype to = hub_dtype(job->hub);
  if (columns == stride) {
    const size_t group = BUFFER / columns;
    for (size_t r = 0; r < rows; r += group) {
      const size_t m = rows - r < group ? rows - r : group;
      bnk_cast(job->plan->dtype, to, 0, x + r * stride * job->size, buffer, m * columns);
      job->loops.columns(buffer, m, columns, columns, acc);
    }
  } else {
    for (size_t r = 0; r < rows; r++) {
      bnk_cast(job->plan->dtype, to, 0, x + r * stride * job->size, buffer, columns);
      job->loops.columns(buffer, 1, columns, columns, acc);
    }
  }
}

/// The loops that add up partial results.
static struct bnk_fold_loops join_loops(const struct job *job) {
  const enum bnk_fold fold = fold_of(job->plan->op);
  const enum bnk_hub hub = job->hub == BNK_HUB_F32 ? BNK_HUB_F64 : job->hub;
  return loops_of(hub, fold == BNK_FOLD_SQUARES ? BNK_FOLD_SUM : fold);
}

// Rows this narrow are put side by side until they are this wide.
#define NARROW 32
#define WIDE 128

/// `rows` rows of few columns that follow one another.
static void fold_narrow(const struct job *job, const char *x, size_t rows, size_t columns,
                        char *acc) {
  const size_t together = WIDE / columns;
  const size_t wide = together * columns, groups = rows / together;
  double side[2 * WIDE];
  if (groups >= 2) {
    set_identity(job, (char *)side, wide);
    fold_columns(job, x, groups, wide, wide, (char *)side);
    // Squares are taken once: the partial results are added.
    join_loops(job).columns(side, together, columns, columns, acc);
    x += groups * wide * job->size;
    rows -= groups * together;
  }
  fold_columns(job, x, rows, columns, columns, acc);
}

/// Segments `first ..< last` of output `o`, whose innermost run is reduced.
static void reduce_runs(const struct job *job, size_t o, size_t first, size_t last, char *acc) {
  const struct bnk_reduce *p = job->plan;
  const size_t base = locate(p->kept_rank, p->kept_dims, p->kept_strides, o);
  const size_t parts = ceil_div(p->run, SEGMENT);
  for (size_t s = first; s < last; s++) {
    const size_t start = s % parts * SEGMENT;
    const size_t n = p->run - start < SEGMENT ? p->run - start : SEGMENT;
    const size_t offset = locate(p->reduced_rank, p->reduced_dims, p->reduced_strides, s / parts);
    fold_rows(job, job->x + (base + offset + start) * job->size, 1, n, acc);
  }
}

/// Segments of block `block` of the outputs, whose innermost run is kept.
static void reduce_columns(const struct job *job, size_t block, size_t first, size_t last,
                           char *acc) {
  const struct bnk_reduce *p = job->plan;
  const size_t blocks = ceil_div(p->run, p->columns), start = block % blocks * p->columns;
  const size_t columns = p->run - start < p->columns ? p->run - start : p->columns;
  const size_t base =
      start + locate(p->kept_rank, p->kept_dims, p->kept_strides, block / blocks);
  const size_t inner = p->reduced_dims[0], stride = p->reduced_strides[0];
  const size_t height = SEGMENT / p->columns, parts = ceil_div(inner, height);
  for (size_t s = first; s < last; s++) {
    const size_t row = s % parts * height;
    const size_t rows = inner - row < height ? inner - row : height;
    const size_t offset = locate(p->reduced_rank - 1, p->reduced_dims + 1,
                                 p->reduced_strides + 1, s / parts);
    const char *x = job->x + (base + offset + row * stride) * job->size;
    if (columns <= NARROW && columns == stride) fold_narrow(job, x, rows, columns, acc);
    else fold_columns(job, x, rows, columns, stride, acc);
  }
}

/// Roots of sums that have wrapped to the width of the dtype.
static void integer_roots(enum bnk_dtype dtype, char *acc, size_t n) {
  int64_t *s = (int64_t *)acc;
  uint64_t *u = (uint64_t *)acc;
  const int shift = 64 - 8 * (int)size_of(dtype);
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

static void finish(const struct job *job, char *acc, size_t first, size_t n) {
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

/// Where the outputs of a block begin, and how many there are.
static size_t outputs_of(const struct bnk_reduce *p, size_t block, size_t *n) {
  if (p->run_is_reduced) {
    *n = 1;
    return block;
  }
  const size_t blocks = ceil_div(p->run, p->columns), start = block % blocks * p->columns;
  *n = p->run - start < p->columns ? p->run - start : p->columns;
  return block / blocks * p->run + start;
}

static void run_whole(void *context, size_t begin, size_t end) {
  const struct job *job = context;
  const struct bnk_reduce *p = job->plan;
  double acc[2 * COLUMNS];
  if (p->run_is_reduced && p->segments == 1 && p->kept_rank == 1 && p->run < SEGMENT / 8) {
    // Short rows that follow one another, many at a call.
    for (size_t o = begin; o < end; o += COLUMNS) {
      const size_t n = end - o < COLUMNS ? end - o : COLUMNS;
      set_identity(job, (char *)acc, n);
      fold_rows(job, job->x + o * p->run * job->size, n, p->run, (char *)acc);
      finish(job, (char *)acc, o, n);
    }
    return;
  }
  for (size_t block = begin; block < end; block++) {
    size_t n;
    const size_t first = outputs_of(p, block, &n);
    set_identity(job, (char *)acc, n);
    if (p->run_is_reduced) reduce_runs(job, block, 0, p->segments, (char *)acc);
    else reduce_columns(job, block, 0, p->segments, (char *)acc);
    finish(job, (char *)acc, first, n);
  }
}

static void run_pieces(void *context, size_t begin, size_t end) {
  const struct job *job = context;
  const struct bnk_reduce *p = job->plan;
  const size_t a = accumulator_size(job->hub);
  for (size_t t = begin; t < end; t++) {
    const size_t piece = t / p->blocks, block = t % p->blocks;
    const size_t from = p->segments * piece / p->pieces;
    const size_t to = p->segments * (piece + 1) / p->pieces;
    size_t n;
    const size_t first = outputs_of(p, block, &n);
    char *acc = job->acc + (piece * p->outputs + first) * a;
    set_identity(job, acc, n);
    if (p->run_is_reduced) reduce_runs(job, block, from, to, acc);
    else reduce_columns(job, block, from, to, acc);
  }
}

void bnk_reduce_run(const struct bnk_reduce *plan, const void *x, void *y, void *scratch) {
  const enum bnk_hub hub = hub_of(plan->dtype);
  struct job job = {plan, hub, loops_of(hub, fold_of(plan->op)), size_of(plan->dtype), x, y, scratch};
  if (plan->outputs == 0) return;
  if (plan->count == 0) {
    double acc[2 * COLUMNS];
    for (size_t o = 0; o < plan->outputs; o += COLUMNS) {
      const size_t n = plan->outputs - o < COLUMNS ? plan->outputs - o : COLUMNS;
      set_identity(&job, (char *)acc, n);
      finish(&job, (char *)acc, o, n);
    }
    return;
  }
  if (plan->pieces == 1) {
    const size_t work = plan->count / plan->blocks;
    bnk_parallel_for(plan->blocks, work < 32768 ? 32768 / work : 1, run_whole, &job);
    return;
  }
  bnk_parallel_for(plan->blocks * plan->pieces, 1, run_pieces, &job);
  // The first piece takes up the others.
  join_loops(&job).columns(job.acc + plan->outputs * accumulator_size(hub), plan->pieces - 1,
                           plan->outputs, plan->outputs, job.acc);
  finish(&job, job.acc, 0, plan->outputs);
}
