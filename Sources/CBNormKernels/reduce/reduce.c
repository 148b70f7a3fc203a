#include "bnk/reduce.h"

#include <string.h>

#include "bnk/cast.h"
#include "bnk/cpu.h"
#include "bnk/threads.h"
#include "reduce_job.h"

// Elements that are converted at a time.
#define BUFFER 1024

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

static size_t locate(int rank, const size_t *dims, const size_t *strides, size_t index) {
  size_t offset = 0;
  for (int d = 0; d < rank; d++) {
    offset += index % dims[d] * strides[d];
    index /= dims[d];
  }
  return offset;
}

static int is_hub(const struct bnk_reduce_job *job) {
  return job->plan->dtype == hub_dtype(job->hub);
}

/// Rows of `n` elements that follow one another, each into its accumulator.
static void fold_rows(const struct bnk_reduce_job *job, const char *x, size_t rows, size_t n,
                      char *acc) {
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

static void fold_columns(const struct bnk_reduce_job *job, const char *x, size_t rows,
                         size_t columns,
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
static struct bnk_fold_loops join_loops(const struct bnk_reduce_job *job) {
  const enum bnk_fold fold = fold_of(job->plan->op);
  const enum bnk_hub hub = job->hub == BNK_HUB_F32 ? BNK_HUB_F64 : job->hub;
  return loops_of(hub, fold == BNK_FOLD_SQUARES ? BNK_FOLD_SUM : fold);
}

// Rows this narrow are put side by side until they are this wide.
#define NARROW 32
#define WIDE 128

/// `rows` rows of few columns that follow one another.
static void fold_narrow(const struct bnk_reduce_job *job, const char *x, size_t rows,
                        size_t columns,
                        char *acc) {
  const size_t together = WIDE / columns;
  const size_t wide = together * columns, groups = rows / together;
  double side[2 * WIDE];
  if (groups >= 2) {
    bnk_reduce_begin(job, (char *)side, wide);
    fold_columns(job, x, groups, wide, wide, (char *)side);
    // Squares are taken once: the partial results are added.
    join_loops(job).columns(side, together, columns, columns, acc);
    x += groups * wide * job->size;
    rows -= groups * together;
  }
  fold_columns(job, x, rows, columns, columns, acc);
}

/// Segments `first ..< last` of output `o`, whose innermost run is reduced.
static void reduce_runs(const struct bnk_reduce_job *job, size_t o, size_t first, size_t last,
                        char *acc) {
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
static void reduce_columns(const struct bnk_reduce_job *job, size_t block, size_t first,
                           size_t last,
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

static bnk_fold_columns sum_columns_f32(void) {
  switch (bnk_tier()) {
#if defined(__x86_64__)
    case BNK_TIER_AVX512: return bnk_sum_columns_f32__avx512;
    case BNK_TIER_AVX2: return bnk_sum_columns_f32__avx2;
#endif
    default: return bnk_sum_columns_f32__portable;
  }
}

// More rows than this are summed up in double precision.
#define FLOAT_ROWS 16384

/// Whether sums are taken in TensorFlow's order, as those over the pixels of an image are.
static int sums_as_float(const struct bnk_reduce_job *job) {
  const struct bnk_reduce *p = job->plan;
  return p->dtype == BNK_FLOAT && (p->op == BNK_REDUCE_SUM || p->op == BNK_REDUCE_MEAN) &&
         !p->run_is_reduced && p->reduced_rank == 1 && p->reduced_dims[0] <= FLOAT_ROWS;
}

static void sum_as_float(const struct bnk_reduce_job *job, size_t block, size_t n, double *acc) {
  const struct bnk_reduce *p = job->plan;
  const size_t blocks = ceil_div(p->run, p->columns), start = block % blocks * p->columns;
  const size_t base = locate(p->kept_rank, p->kept_dims, p->kept_strides, block / blocks);
  const float *x = (const float *)job->x + base + start;
  sum_columns_f32()(x, p->reduced_dims[0], n, p->reduced_strides[0], acc);
}

static void run_whole(void *context, size_t begin, size_t end) {
  const struct bnk_reduce_job *job = context;
  const struct bnk_reduce *p = job->plan;
  double acc[2 * COLUMNS];
  if (p->run_is_reduced && p->segments == 1 && p->kept_rank == 1 && p->run < SEGMENT / 8) {
    // Short rows that follow one another, many at a call.
    for (size_t o = begin; o < end; o += COLUMNS) {
      const size_t n = end - o < COLUMNS ? end - o : COLUMNS;
      bnk_reduce_begin(job, (char *)acc, n);
      fold_rows(job, job->x + o * p->run * job->size, n, p->run, (char *)acc);
      bnk_reduce_finish(job, (char *)acc, o, n);
    }
    return;
  }
  for (size_t block = begin; block < end; block++) {
    size_t n;
    const size_t first = outputs_of(p, block, &n);
    if (sums_as_float(job)) {
      sum_as_float(job, block, n, acc);
      bnk_reduce_finish(job, (char *)acc, first, n);
      continue;
    }
    bnk_reduce_begin(job, (char *)acc, n);
    if (p->run_is_reduced) reduce_runs(job, block, 0, p->segments, (char *)acc);
    else reduce_columns(job, block, 0, p->segments, (char *)acc);
    bnk_reduce_finish(job, (char *)acc, first, n);
  }
}

static void run_pieces(void *context, size_t begin, size_t end) {
  const struct bnk_reduce_job *job = context;
  const struct bnk_reduce *p = job->plan;
  const size_t a = accumulator_size(job->hub);
  for (size_t t = begin; t < end; t++) {
    const size_t piece = t / p->blocks, block = t % p->blocks;
    const size_t from = p->segments * piece / p->pieces;
    const size_t to = p->segments * (piece + 1) / p->pieces;
    size_t n;
    const size_t first = outputs_of(p, block, &n);
    char *acc = job->acc + (piece * p->outputs + first) * a;
    bnk_reduce_begin(job, acc, n);
    if (p->run_is_reduced) reduce_runs(job, block, from, to, acc);
    else reduce_columns(job, block, from, to, acc);
  }
}

void bnk_reduce_run(const struct bnk_reduce *plan, const void *x, void *y, void *scratch) {
  const enum bnk_hub hub = hub_of(plan->dtype);
  struct bnk_reduce_job job = {plan, hub, loops_of(hub, fold_of(plan->op)),
                              bnk_dtype_size(plan->dtype), x, y, scratch};
  if (plan->outputs == 0) return;
  if (plan->count == 0) {
    double acc[2 * COLUMNS];
    for (size_t o = 0; o < plan->outputs; o += COLUMNS) {
      const size_t n = plan->outputs - o < COLUMNS ? plan->outputs - o : COLUMNS;
      bnk_reduce_begin(&job, (char *)acc, n);
      bnk_reduce_finish(&job, (char *)acc, o, n);
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
  bnk_reduce_finish(&job, job.acc, 0, plan->outputs);
}
