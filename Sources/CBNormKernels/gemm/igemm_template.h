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

/// The part of the inner dimension that starts after `done` (of a single run: floats; otherwise:
/// outer steps); returns how far it goes.
static size_t take_depth(const struct bnk_block *block, size_t done, struct bnk_segments *part) {
  const struct bnk_segments *all = &block->segments;
  *part = *all;
  if (all->outer_count * all->inner_count == 1) {
    const size_t most = block->part ? block->part : bnk_depth_limit;
    part->run = all->run - done < most ? all->run - done : most;
    return done + part->run;
  }
  const size_t step = all->inner_count * all->run;
  const size_t groups = (all->outer_count * step + bnk_depth_limit - 1) / bnk_depth_limit;
  const size_t each = groups > 1 ? (all->outer_count + groups - 1) / groups : all->outer_count;
  part->outer_count = all->outer_count - done < each ? all->outer_count - done : each;
  return done + part->outer_count;
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

static void block(const struct bnk_block *block) {
  const struct bnk_epilogue *e = &block->epilogue;
  const size_t panels = (block->m + BNK_TILE_ROWS - 1) / BNK_TILE_ROWS;
  const size_t height = block->m / panels, taller = block->m % panels;
  const bool single_run = block->segments.outer_count * block->segments.inner_count == 1;
  const size_t depth_step = single_run ? 1 : block->segments.inner_count * block->segments.run;
  const size_t depth_end = single_run ? block->segments.run : block->segments.outer_count;
  const size_t depth = depth_end * depth_step;
  // A partial sum would overwrite a residual that lies where the result goes.
  const bool in_place = e->residual && e->residual == block->c;
  const bool copies = block->scratch && single_run && !in_place;
  const float *copied[bnk_block_rows];
  const float *const *all_rows = copies ? copied : block->rows;

  struct bnk_tile t = {.ldc = block->ldc, .residual_stride = e->residual_stride,
                       .statistics_step = e->statistics_step,
                       .statistics_fuse = e->statistics_fuse};
  const bool activate = bnk_activation_bounds(e, &t.low, &t.high);
  const bool finish = activate || (e->residual && e->residual_after_activation);
  size_t done = 0;
  do {
    const size_t next = in_place ? depth_end : take_depth(block, done, &t.segments);
    if (in_place) t.segments = block->segments;
    t.offset = copies ? 0 : done * (single_run ? 1 : block->segments.outer_step);
    if (copies) copy_rows(block, done, t.segments.run, copied);
    t.continues = done > 0 && !(single_run && block->part);
    t.adds = done > 0 && !t.continues;
    t.ends = next == depth_end;
    const float *panel = block->packed;
    for (size_t j = 0, width; j < block->n; j += width, panel += depth * width) {
      width = bnk_panel_width(block->n, j, BNK_V);
      const size_t columns = block->n - j < width ? block->n - j : width;
      t.last_lanes = (int)(columns - (width - BNK_V));
      t.b = panel + done * depth_step * width;
      t.bias = e->bias ? e->bias + j : NULL;
      t.statistics = e->statistics ? e->statistics + j : NULL;
      const int vectors = (int)(width / BNK_V);
      for (size_t p = 0, i = 0, rows; p < panels; p++, i += rows) {
        rows = height + (p < taller ? 1 : 0);
        t.rows = all_rows + i;
        t.c = block->c + i * block->ldc + j;
        const float *residual = e->residual ? e->residual + i * e->residual_stride + j : NULL;
        t.residual = e->residual_after_activation ? NULL : residual;
        tiles[rows - 1][vectors - 1](&t);
        if (finish && t.ends) {
          bnk_finish_rows(e, activate, residual, t.c, t.ldc, rows, columns);
        }
      }
    }
    done = next;
  } while (done < depth_end);
}

const struct bnk_igemm BNK_NAME(bnk_igemm) = {
    .vector = BNK_V, .tile_rows = BNK_TILE_ROWS, .block = block};
