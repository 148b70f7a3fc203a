#include "igemm.h"

#include <stdatomic.h>

#include "bnk/threads.h"

const struct bnk_igemm *bnk_igemm_current(void) {
#if defined(__x86_64__)
  switch (bnk_tier()) {
    case BNK_TIER_AVX512: return &bnk_igemm__avx512;
    case BNK_TIER_AVX2: return &bnk_igemm__avx2;
    default: break;
  }
#endif
  return &bnk_igemm__portable;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }

static bool copies_rows(const struct bnk_product *p) {
  const struct bnk_segments *s = &p->segments;
  return s->outer_count * s->inner_count == 1 && p->m > 4 && p->n >= 64 && s->run >= 256 &&
         bnk_step_conflicts(p->place_step);
}

/// The most rows of a block: a part of them stays in the level 2 cache while panels pass by.
static size_t block_limit(const struct bnk_product *p, const struct bnk_igemm *engine) {
  const size_t row = smaller(bnk_segments_length(&p->segments), bnk_depth_limit) * sizeof(float);
  const size_t fitting = bnk_l2_bytes() / 3 / larger(row, 1);
  const size_t tile = (size_t)engine->tile_rows;
  const size_t rows = smaller(larger(fitting, 4 * tile), bnk_block_rows);
  return rows / tile * tile;
}

size_t bnk_product_scratch_floats(const struct bnk_product *p) {
  if (!copies_rows(p)) return 0;
  return smaller(p->m, block_limit(p, bnk_igemm_current())) * bnk_scratch_step(p->segments.run);
}

/// How a product is cut into tasks. Rows are cut in units of tiles, columns in units of panels.
struct cut {
  size_t row_tiles, row_blocks;
  size_t panels, column_blocks;
};

static struct cut choose_cut(const struct bnk_product *p, const struct bnk_igemm *engine) {
  const size_t tile = (size_t)engine->tile_rows;
  const size_t k = bnk_segments_length(&p->segments);
  struct cut cut = {
      .row_tiles = divided_up(p->m, tile),
      .panels = divided_up(p->n, 2 * (size_t)engine->vector),
      .column_blocks = 1,
  };
  cut.row_blocks = divided_up(p->m, block_limit(p, engine));
  if (p->strands <= 1) return cut;
  // Many tasks a thread, so that one that is held up does not hold up all; but not so small that
  // calling costs more than computing.
  const double work = (double)p->m * (double)p->n * (double)k;
  const size_t worthwhile = (size_t)(work / 65536) + 1;
  const size_t wanted = smaller(16 * p->strands, worthwhile);
  if (cut.row_blocks >= wanted) return cut;
  // Every row block reads all columns: cheap while they stay in the level 2 cache.
  const bool columns_stay = k * p->n * sizeof(float) <= bnk_l2_bytes() / 4;
  const size_t fewest_tiles = columns_stay ? 1 : 4;
  cut.row_blocks = larger(cut.row_blocks, smaller(wanted, cut.row_tiles / fewest_tiles));
  cut.column_blocks = smaller(divided_up(wanted, cut.row_blocks), cut.panels);
  return cut;
}

struct run {
  const struct bnk_product *product;
  const struct bnk_igemm *engine;
  struct cut cut;
  size_t scratch_floats;
  atomic_size_t next;
};

static void list_rows(const struct bnk_product *p, size_t first, size_t count,
                      const float **rows) {
  size_t image = first / p->per_image, place = first % p->per_image;
  size_t line = place / p->per_line;
  place %= p->per_line;
  for (size_t i = 0; i < count; i++) {
    rows[i] = p->input + image * p->image_step + line * p->line_step + place * p->place_step;
    if (++place < p->per_line) continue;
    place = 0;
    if (++line * p->per_line < p->per_image) continue;
    line = 0;
    image++;
  }
}

static void run_task(const struct run *run, size_t task, size_t strand) {
  const struct bnk_product *p = run->product;
  const struct cut *cut = &run->cut;
  const size_t tile = (size_t)run->engine->tile_rows, vector = (size_t)run->engine->vector;
  const size_t row_block = task % cut->row_blocks, column_block = task / cut->row_blocks;
  const size_t first = cut->row_tiles * row_block / cut->row_blocks * tile;
  const size_t end = smaller(cut->row_tiles * (row_block + 1) / cut->row_blocks * tile, p->m);
  const size_t j = cut->panels * column_block / cut->column_blocks * 2 * vector;
  const size_t j_end =
      smaller(cut->panels * (column_block + 1) / cut->column_blocks * 2 * vector, p->n);

  const float *rows[bnk_block_rows];
  list_rows(p, first, end - first, rows);
  struct bnk_block block = {
      .rows = rows,
      .m = end - first,
      .segments = p->segments,
      .part = p->part,
      .packed = p->packed + j * bnk_segments_length(&p->segments),
      .n = j_end - j,
      .c = p->c + first * p->ldc + j,
      .ldc = p->ldc,
      .epilogue = p->epilogue,
      .scratch = run->scratch_floats ? p->scratch + strand * run->scratch_floats : NULL,
  };
  struct bnk_epilogue *e = &block.epilogue;
  if (e->bias) e->bias += j;
  if (e->statistics) e->statistics += j;
  if (e->residual) e->residual += first * e->residual_stride + j;
  run->engine->block(&block);
}

static void run_strand(void *context, size_t strand) {
  struct run *run = context;
  const size_t tasks = run->cut.row_blocks * run->cut.column_blocks;
  size_t task;
  while ((task = atomic_fetch_add_explicit(&run->next, 1, memory_order_relaxed)) < tasks) {
    run_task(run, task, strand);
  }
}

void bnk_product_run(const struct bnk_product *p) {
  if (p->m == 0 || p->n == 0) return;
  struct run run = {.product = p, .engine = bnk_igemm_current()};
  run.cut = choose_cut(p, run.engine);
  run.scratch_floats = p->scratch ? bnk_product_scratch_floats(p) : 0;
  const size_t tasks = run.cut.row_blocks * run.cut.column_blocks;
  if (p->strands <= 1 || tasks == 1) {
    run_strand(&run, 0);
  } else {
    bnk_parallel_tasks(smaller(smaller(p->strands, tasks), (size_t)bnk_threads()), run_strand,
                       &run);
  }
}
