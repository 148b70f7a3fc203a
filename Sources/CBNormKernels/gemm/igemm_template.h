// The engine of one tier: tiles of all heights and both widths, and the loops around them.
#if BNK_TIER == 2
#define BNK_TILE_ROWS 14
#else
#define BNK_TILE_ROWS 6
#endif

#include "microkernel.h"

#define BNK_TILE(R)                                                                 \
  static void BNK_NAME(tile_##R##_1)(const struct bnk_tile *t) { tile_body(t, R, 1); } \
  static void BNK_NAME(tile_##R##_2)(const struct bnk_tile *t) { tile_body(t, R, 2); }
#define BNK_TILE_ROW(R) {BNK_NAME(tile_##R##_1), BNK_NAME(tile_##R##_2)}

BNK_TILE(1)
BNK_TILE(2)
BNK_TILE(3)
BNK_TILE(4)
BNK_TILE(5)
BNK_TILE(6)
#if BNK_TILE_ROWS == 14
BNK_TILE(7)
BNK_TILE(8)
BNK_TILE(9)
BNK_TILE(10)
BNK_TILE(11)
BNK_TILE(12)
BNK_TILE(13)
BNK_TILE(14)
#endif

typedef void (*tile_fn)(const struct bnk_tile *);

static const tile_fn tiles[BNK_TILE_ROWS][2] = {
    BNK_TILE_ROW(1),  BNK_TILE_ROW(2),  BNK_TILE_ROW(3),  BNK_TILE_ROW(4),
    BNK_TILE_ROW(5),  BNK_TILE_ROW(6),
#if BNK_TILE_ROWS == 14
    BNK_TILE_ROW(7),  BNK_TILE_ROW(8),  BNK_TILE_ROW(9),  BNK_TILE_ROW(10),
    BNK_TILE_ROW(11), BNK_TILE_ROW(12), BNK_TILE_ROW(13), BNK_TILE_ROW(14),
#endif
};

/// How far the inner dimension has been summed up: the outer steps over `run` floats from `from` of
/// each run, and the runs up to there.
struct depth {
  size_t from, run, outer;
};

/// Takes what comes next, so much of it that a panel stays in the cache.
static void take_depth(const struct bnk_block *block, struct depth *done,
                       struct bnk_segments *part) {
  const struct bnk_segments *all = &block->segments;
  const bool single_run = all->outer_count * all->inner_count == 1;
  if (done->outer == all->outer_count) {
    done->from += done->run;
    done->outer = 0;
  }
  const size_t limit = single_run ? bnk_depth_limit : all->run;
  const size_t most = block->part ? block->part : limit, left = all->run - done->from;
  done->run = left < most ? left : most;
  *part = *all;
  part->run = done->run;
  // Only the first part can wait in C while others are summed up.
  const size_t length = all->outer_count * all->inner_count * done->run;
  const size_t groups = (length + bnk_depth_limit - 1) / bnk_depth_limit;
  if (groups > 1 && (done->from == 0 || !block->part)) {
    const size_t each = (all->outer_count + groups - 1) / groups;
    const size_t rest = all->outer_count - done->outer;
    part->outer_count = rest < each ? rest : each;
  }
  done->outer += part->outer_count;
}

/// Copies floats `from`..<`from + count` of the rows to the scratch, and their addresses to `rows`.
static void copy_rows(const struct bnk_block *block, size_t from, size_t count,
                      const float **rows) {
  const size_t step = bnk_scratch_step(block->segments.run);
  for (size_t i = 0; i < block->m; i++) {
    float *to = block->scratch + i * step;
    const float *row = block->rows[i] + from;
    size_t k = 0;
    for (; k + BNK_V <= count; k += BNK_V) v_store(to + k, v_load(row + k));
    v_store_first(to + k, v_load_first(row + k, (int)(count - k)), (int)(count - k));
    rows[i] = to;
  }
}

/// Sets a tile to what comes next of the inner dimension; returns where its columns start, in
/// positions of a panel.
static size_t next_depth(const struct bnk_block *block, struct depth *done, struct bnk_tile *t) {
  const struct bnk_segments *all = &block->segments;
  take_depth(block, done, &t->segments);
  const size_t before = done->outer - t->segments.outer_count;
  t->offset = done->from + before * all->outer_step;
  const bool starts = done->from == 0 && before == 0;
  t->adds = block->part && done->from > 0;
  t->continues = !starts && !t->adds;
  t->ends = done->outer == all->outer_count && done->from + done->run == all->run;
  return all->inner_count * (done->from * all->outer_count + before * done->run);
}

/// The rows and columns of a tile, but for where its sums go.
static void place_tile(const struct bnk_block *block, size_t i, size_t j, size_t width,
                       struct bnk_tile *t) {
  const struct bnk_epilogue *e = &block->epilogue;
  const size_t columns = block->n - j < width ? block->n - j : width;
  t->last_lanes = (int)(columns - (width - BNK_V));
  t->bias = e->bias ? e->bias + j : NULL;
  t->statistics = e->statistics ? e->statistics + j : NULL;
  t->residual = e->residual && !e->residual_after_activation
                    ? e->residual + i * e->residual_stride + j : NULL;
}

static void finish_tile(const struct bnk_block *block, bool activate, size_t i, size_t j,
                        size_t rows, size_t width) {
  const struct bnk_epilogue *e = &block->epilogue;
  if (!activate && !(e->residual && e->residual_after_activation)) return;
  const float *residual = e->residual ? e->residual + i * e->residual_stride + j : NULL;
  const size_t columns = block->n - j < width ? block->n - j : width;
  bnk_finish_rows(e, activate, residual, block->c + i * block->ldc + j, block->ldc, rows, columns);
}

/// How rows are cut into tiles, the taller ones first.
struct heights {
  size_t count, least, taller;
};

static size_t tile_height(const struct heights *h, size_t p) {
  return h->least + (p < h->taller ? 1 : 0);
}

/// For a residual that lies where the result goes: sums stay apart until they are whole.
static void block_in_place(const struct bnk_block *block, const struct heights *heights,
                           bool activate, struct bnk_tile t) {
  const struct bnk_segments *all = &block->segments;
  const size_t depth = bnk_segments_length(all);
  float sums[BNK_TILE_ROWS * 2 * BNK_V];
  t.sums = sums;
  const float *panel = block->packed;
  for (size_t j = 0, width; j < block->n; j += width, panel += depth * width) {
    width = bnk_panel_width(block->n, j, BNK_V);
    for (size_t p = 0, i = 0, rows; p < heights->count; p++, i += rows) {
      rows = tile_height(heights, p);
      place_tile(block, i, j, width, &t);
      t.rows = block->rows + i;
      struct depth done = {0};
      do {
        t.b = panel + next_depth(block, &done, &t) * width;
        t.c = t.ends ? block->c + i * block->ldc + j : sums;
        t.ldc = t.ends ? block->ldc : 2 * BNK_V;
        t.sums_stride = 2 * BNK_V;
        tiles[rows - 1][width / BNK_V - 1](&t);
      } while (!t.ends);
      finish_tile(block, activate, i, j, rows, width);
    }
  }
}

static void block(const struct bnk_block *block) {
  const struct bnk_epilogue *e = &block->epilogue;
  const size_t panels = (block->m + BNK_TILE_ROWS - 1) / BNK_TILE_ROWS;
  const struct heights heights = {panels, block->m / panels, block->m % panels};
  const size_t depth = bnk_segments_length(&block->segments);
  struct bnk_tile t = {.ldc = block->ldc, .residual_stride = e->residual_stride,
                       .statistics_step = e->statistics_step,
                       .statistics_fuse = e->statistics_fuse};
  const bool activate = bnk_activation_bounds(e, &t.low, &t.high);
  if (e->residual && e->residual == block->c) {
    block_in_place(block, &heights, activate, t);
    return;
  }
  const size_t taps = block->segments.outer_count * block->segments.inner_count;
  const bool copies = block->scratch && taps == 1;
  const float *copied[bnk_block_rows];
  const float *const *all_rows = copies ? copied : block->rows;
  struct depth done = {0};
  do {
    const size_t position = next_depth(block, &done, &t);
    if (copies) {
      copy_rows(block, done.from, t.segments.run, copied);
      t.offset = 0;
    }
    const float *panel = block->packed;
    for (size_t j = 0, width; j < block->n; j += width, panel += depth * width) {
      width = bnk_panel_width(block->n, j, BNK_V);
      t.b = panel + position * width;
      for (size_t p = 0, i = 0, rows; p < panels; p++, i += rows) {
        rows = tile_height(&heights, p);
        place_tile(block, i, j, width, &t);
        t.rows = all_rows + i;
        t.c = block->c + i * block->ldc + j;
        t.sums = t.c;
        t.sums_stride = t.ldc;
        tiles[rows - 1][width / BNK_V - 1](&t);
        if (t.ends) finish_tile(block, activate, i, j, rows, width);
      }
    }
  } while (!t.ends);
}

const struct bnk_igemm BNK_NAME(bnk_igemm) = {
    .vector = BNK_V, .tile_rows = BNK_TILE_ROWS, .block = block};
