#include "bnk/broadcast.h"

#include <string.h>

#include "bnk/threads.h"

int bnk_broadcast_plan(struct bnk_broadcast *plan, const int64_t *a_dims, int a_rank,
                       const int64_t *b_dims, int b_rank) {
  const int rank = a_rank > b_rank ? a_rank : b_rank;
  size_t count = 1, a_size = 1, b_size = 1;
  int last_a = -1, last_b = -1;  // Whether the latest kept dimension repeats a or b.
  plan->rank = 0;
  for (int i = 0; i < rank; i++) {
    const size_t da = i < a_rank ? (size_t)a_dims[a_rank - 1 - i] : 1;
    const size_t db = i < b_rank ? (size_t)b_dims[b_rank - 1 - i] : 1;
    if (da != db && da != 1 && db != 1) return 0;
    const size_t d = da == 1 ? db : da;
    count *= d;
    if (d == 1) continue;
    const int repeats_a = da == 1, repeats_b = db == 1;
    if (plan->rank > 0 && repeats_a == last_a && repeats_b == last_b) {
      plan->dims[plan->rank - 1] *= d;
    } else {
      if (plan->rank == BNK_BROADCAST_DIMS) return 0;
      plan->dims[plan->rank] = d;
      plan->a_strides[plan->rank] = repeats_a ? 0 : a_size;
      plan->b_strides[plan->rank] = repeats_b ? 0 : b_size;
      plan->rank++;
      last_a = repeats_a;
      last_b = repeats_b;
    }
    if (!repeats_a) a_size *= d;
    if (!repeats_b) b_size *= d;
  }
  if (plan->rank == 0) {
    plan->rank = 1;
    plan->dims[0] = 1;
    plan->a_strides[0] = plan->b_strides[0] = 1;
  }
  plan->count = count;
  return 1;
}

// A run is worth a call of the loop from this length on; shorter ones are gathered into tiles.
#define SHORT_RUN 48
#define TILE_BYTES 8192
// Long runs are split into pieces, so that one of them can occupy all threads.
#define PIECE 16384

struct job {
  const struct bnk_broadcast *plan;
  bnk_binary_fn fn;
  size_t size, y_size;
  const char *a, *b;
  char *y;
  int *error;
  size_t pieces, piece;  // Pieces of a run and their length.
};

/// The offsets of the operands at index `index` of the dimensions from `from` on.
static void locate(const struct bnk_broadcast *plan, int from, size_t index, size_t *a, size_t *b) {
  *a = *b = 0;
  for (int d = from; d < plan->rank; d++) {
    const size_t k = index % plan->dims[d];
    index /= plan->dims[d];
    *a += k * plan->a_strides[d];
    *b += k * plan->b_strides[d];
  }
}

static void run_long(void *context, size_t begin, size_t end) {
  const struct job *job = context;
  const struct bnk_broadcast *plan = job->plan;
  const size_t n = plan->dims[0], as = plan->a_strides[0], bs = plan->b_strides[0];
  for (size_t t = begin; t < end; t++) {
    const size_t outer = t / job->pieces, start = (t % job->pieces) * job->piece;
    const size_t length = n - start < job->piece ? n - start : job->piece;
    size_t a, b;
    locate(plan, 1, outer, &a, &b);
    a += start * as;
    b += start * bs;
    job->fn(job->a + a * job->size, as, job->b + b * job->size, bs,
            job->y + (outer * n + start) * job->y_size, length, job->error);
  }
}

/// Writes `rows` rows of `n` elements, as the strides say, one after the other.
static void gather(char *tile, const char *x, size_t size, size_t rows, size_t row_stride,
                   size_t n, size_t stride) {
  for (size_t r = 0; r < rows; r++, x += row_stride * size) {
    if (stride) {
      memcpy(tile, x, n * size);
      tile += n * size;
      continue;
    }
    switch (size) {
#define REPEAT(bytes)                                                       \
  case bytes:                                                               \
    for (size_t i = 0; i < n; i++, tile += bytes) memcpy(tile, x, bytes);   \
    break;
      REPEAT(1)
      REPEAT(2)
      REPEAT(4)
      REPEAT(8)
      REPEAT(16)
#undef REPEAT
    }
  }
}

/// Short runs: several rows of the two inner dimensions at a time.
static void run_short(void *context, size_t begin, size_t end) {
  const struct job *job = context;
  const struct bnk_broadcast *plan = job->plan;
  const size_t n = plan->dims[0], size = job->size;
  char tile_a[TILE_BYTES] __attribute__((aligned(64)));
  char tile_b[TILE_BYTES] __attribute__((aligned(64)));
  const char *held_a = NULL, *held_b = NULL;
  const size_t as = plan->a_strides[0], bs = plan->b_strides[0];
  const size_t ar = plan->a_strides[1], br = plan->b_strides[1];
  for (size_t t = begin; t < end; t++) {
    const size_t outer = t / job->pieces, start = (t % job->pieces) * job->piece;
    const size_t left = plan->dims[1] - start;
    const size_t rows = left < job->piece ? left : job->piece;
    size_t oa, ob;
    locate(plan, 2, outer, &oa, &ob);
    const char *a = job->a + (oa + start * ar) * size;
    const char *b = job->b + (ob + start * br) * size;
    // An operand whose rows follow one another is read where it is. A tile of repeated rows stays
    // as long as its source.
    if (!(as && ar == n)) {
      if (ar != 0 || held_a != a) {
        const size_t tile_rows = ar == 0 && job->piece < plan->dims[1] ? job->piece : rows;
        gather(tile_a, a, size, tile_rows, ar, n, as);
        held_a = ar == 0 ? a : NULL;
      }
      a = tile_a;
    }
    if (!(bs && br == n)) {
      if (br != 0 || held_b != b) {
        const size_t tile_rows = br == 0 && job->piece < plan->dims[1] ? job->piece : rows;
        gather(tile_b, b, size, tile_rows, br, n, bs);
        held_b = br == 0 ? b : NULL;
      }
      b = tile_b;
    }
    job->fn(a, 1, b, 1, job->y + (outer * plan->dims[1] + start) * n * job->y_size, rows * n,
            job->error);
  }
}

void bnk_broadcast_run(const struct bnk_broadcast *plan, bnk_binary_fn fn, size_t size,
                       size_t y_size, size_t grain, const void *a, const void *b, void *y,
                       int *error) {
  if (plan->count == 0) return;
  struct job job = {plan, fn, size, y_size, a, b, y, error, 1, 1};
  const size_t n = plan->dims[0];
  if (plan->rank > 1 && n < SHORT_RUN) {
    const size_t fit = TILE_BYTES / (n * size);
    job.piece = fit < plan->dims[1] ? fit : plan->dims[1];
    job.pieces = (plan->dims[1] + job.piece - 1) / job.piece;
    const size_t tasks = plan->count / (n * plan->dims[1]) * job.pieces;
    bnk_parallel_for(tasks, grain / (n * job.piece) + 1, run_short, &job);
  } else {
    job.piece = n < PIECE ? n : PIECE;
    job.pieces = (n + job.piece - 1) / job.piece;
    const size_t tasks = plan->count / n * job.pieces;
    bnk_parallel_for(tasks, grain / job.piece + 1, run_long, &job);
  }
}
