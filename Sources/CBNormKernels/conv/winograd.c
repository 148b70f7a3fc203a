#include "winograd.h"

#include <stdatomic.h>
#include <string.h>

#include "../gemm/igemm.h"
#include "../gemm/pack.h"
#include "bnk/threads.h"
#include "conv2d.h"

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }

static const struct bnk_winograd_transforms *transforms(const struct bnk_conv2d_plan *plan) {
  const int which = plan->algorithm == BNK_CONV2D_WINOGRAD_4;
#if defined(__x86_64__)
  switch (bnk_tier()) {
    case BNK_TIER_AVX512: return &bnk_winograd__avx512[which];
    case BNK_TIER_AVX2: return &bnk_winograd__avx2[which];
    default: break;
  }
#endif
  return &bnk_winograd__portable[which];
}

static size_t planes_of(const struct bnk_conv2d_plan *plan) {
  const size_t n = (size_t)plan->algorithm + 2;
  return n * n;
}

/// Distance of rows that are a whole number of vectors long and do not share cache sets.
static size_t row_step(size_t floats) {
  const size_t step = divided_up(floats, 16) * 16;
  return step % 512 == 0 ? step + 16 : step;
}

static size_t plane_step(size_t floats) { return floats % 1024 == 0 ? floats + 48 : floats; }

/// The layout of `tiles` transformed tiles.
static struct bnk_winograd layout_of(const struct bnk_conv2d_plan *plan, size_t tiles) {
  const size_t m = (size_t)plan->algorithm;
  struct bnk_winograd w = {
      .plan = plan,
      .down = divided_up(plan->output_height, m),
      .across = divided_up(plan->output_width, m),
      .channel_step = row_step(plan->shape.in_channels),
      .product_step = row_step(plan->shape.out_channels),
  };
  w.input_plane = plane_step(tiles * w.channel_step);
  w.product_plane = plane_step(tiles * w.product_step);
  return w;
}

static size_t tile_count(const struct bnk_conv2d_plan *plan) {
  const size_t m = (size_t)plan->algorithm;
  return plan->shape.batch * divided_up(plan->output_height, m) *
         divided_up(plan->output_width, m);
}

void bnk_conv2d_plan_winograd(struct bnk_conv2d_plan *plan) {
  const struct bnk_conv2d_shape *s = &plan->shape;
  const struct bnk_igemm *engine = bnk_igemm_current();
  const size_t planes = planes_of(plan), tiles = tile_count(plan);
  const size_t floats =
      plane_step(bnk_packed_floats(s->in_channels, s->out_channels, (size_t)engine->vector));
  plan->packed_bytes = planes * floats * sizeof(float);
  // A block's tiles should stay in the level 2 cache, but every block reads all weights.
  const size_t tile_bytes = planes * (s->in_channels + s->out_channels) * sizeof(float);
  const size_t rows = (size_t)engine->tile_rows;
  size_t at_once = bnk_l2_bytes() / 2 / larger(tile_bytes, 1);
  at_once = larger(at_once, plan->packed_bytes > 8 * bnk_l2_bytes() ? 8 * rows : 2 * rows);
  at_once = smaller(at_once, bnk_block_rows);
  size_t blocks = divided_up(tiles, at_once);
  plan->by_image = true;
  if (plan->strands > 1) {
    blocks = divided_up(blocks, plan->strands) * plan->strands;
    // Too few blocks to share out: all threads work on each stage of one block.
    if (tiles / larger(blocks, 1) < rows || blocks < 2 * plan->strands) {
      plan->by_image = false;
      blocks = 1;
    }
  }
  plan->tiles_at_once = divided_up(tiles, larger(blocks, 1));
  const struct bnk_winograd w = layout_of(plan, plan->tiles_at_once);
  plan->scratch_floats = planes * (w.input_plane + w.product_plane);
  plan->workspace_bytes =
      (plan->by_image ? plan->strands : 1) * plan->scratch_floats * sizeof(float);
}

/// Rows of the weight transform: evaluation at the points, over the products of their differences.
static void weight_matrix(size_t m, double g[6][3]) {
  static const double points2[] = {0, 1, -1};
  static const double points4[] = {0, 0.70710678118654752440, -0.70710678118654752440,
                                   1.41421356237309504880, -1.41421356237309504880};
  const double *points = m == 2 ? points2 : points4;
  const size_t finite = m + 1;
  for (size_t i = 0; i < finite; i++) {
    double product = 1;
    for (size_t j = 0; j < finite; j++) {
      if (j != i) product *= points[i] - points[j];
    }
    for (int power = 0; power < 3; power++) {
      g[i][power] = (power > 1 ? points[i] : 1) * (power > 0 ? points[i] : 1) / product;
    }
  }
  g[finite][0] = g[finite][1] = 0;
  g[finite][2] = 1;
}

struct packing {
  const struct bnk_conv2d_plan *plan;
  const char *weights;
  const float *scale;
  float *packed;
  size_t vector;
};

static void pack_panels(void *context, size_t begin, size_t end) {
  const struct packing *p = context;
  const struct bnk_conv2d_shape *s = &p->plan->shape;
  const size_t m = (size_t)p->plan->algorithm, n = m + 2;
  const size_t plane = p->plan->packed_bytes / sizeof(float) / (n * n);
  const size_t inputs = s->in_channels, outputs = s->out_channels;
  const struct bnk_winograd_transforms *kernels = transforms(p->plan);
  double g[6][3];
  weight_matrix(m, g);
  for (size_t panel = begin; panel < end; panel++) {
    const size_t j = panel * 2 * p->vector, width = bnk_panel_width(outputs, j, p->vector);
    for (size_t c = 0; c < inputs; c++) {
      kernels->weights(g, p->weights + (c * outputs + j) * sizeof(float), inputs * outputs,
                       smaller(width, outputs - j), p->scale ? p->scale + j : NULL,
                       p->packed + j * inputs + c * width, plane, width);
    }
  }
}

void bnk_conv2d_pack_winograd(const struct bnk_conv2d_plan *plan, const void *weights,
                              const float *scale, float *packed) {
  const size_t vector = (size_t)bnk_igemm_current()->vector;
  struct packing packing = {plan, weights, scale, packed, vector};
  bnk_parallel_for(divided_up(plan->shape.out_channels, 2 * vector), 1, pack_panels, &packing);
}

struct run {
  struct bnk_winograd layout;
  const struct bnk_winograd_transforms *transforms;
  const struct bnk_igemm *engine;
  const float *input;
  const float *packed;
  struct bnk_epilogue epilogue;
  float *output;
  float *workspace;
  size_t tiles;
  atomic_size_t next;
};

/// Multiplies rows of one plane with a range of its columns.
static void multiply(const struct run *run, float *scratch, size_t plane, size_t first,
                     size_t rows, size_t j, size_t columns) {
  const struct bnk_conv2d_plan *plan = run->layout.plan;
  const size_t planes = planes_of(plan), k = plan->shape.in_channels;
  const float *input = scratch + plane * run->layout.input_plane;
  float *product = scratch + planes * run->layout.input_plane + plane * run->layout.product_plane;
  const float *addresses[bnk_block_rows];
  for (size_t i = 0; i < rows; i++) addresses[i] = input + (first + i) * run->layout.channel_step;
  run->engine->block(&(struct bnk_block){
      .rows = addresses,
      .m = rows,
      .segments = {.outer_count = 1, .inner_count = 1, .run = k},
      .packed = run->packed + plane * (plan->packed_bytes / sizeof(float) / planes) + j * k,
      .n = columns,
      .c = product + first * run->layout.product_step + j,
      .ldc = run->layout.product_step,
  });
}

/// Computes block after block, each on one thread.
static void run_blocks(void *context, size_t strand) {
  struct run *run = context;
  const struct bnk_conv2d_plan *plan = run->layout.plan;
  const size_t planes = planes_of(plan), at_once = plan->tiles_at_once;
  float *scratch = run->workspace + strand * plan->scratch_floats;
  size_t block;
  while ((block = atomic_fetch_add_explicit(&run->next, 1, memory_order_relaxed)) * at_once <
         run->tiles) {
    const size_t first = block * at_once, count = smaller(at_once, run->tiles - first);
    run->transforms->input(&run->layout, run->input, first, count, scratch);
    for (size_t plane = 0; plane < planes; plane++) {
      multiply(run, scratch, plane, 0, count, 0, plan->shape.out_channels);
    }
    run->transforms->output(&run->layout, scratch + planes * run->layout.input_plane, first,
                            count, &run->epilogue, run->output);
  }
}

static void input_stage(void *context, size_t begin, size_t end) {
  const struct run *run = context;
  run->transforms->input(&run->layout, run->input, begin, end - begin,
                         run->workspace + begin * run->layout.channel_step);
}

/// Rows and columns of a plane are cut further, so that there are tasks enough.
static const size_t rows_at_once = 196;

static size_t column_parts(const struct run *run) {
  const size_t panels =
      divided_up(run->layout.plan->shape.out_channels, 2 * (size_t)run->engine->vector);
  return panels < 4 ? 1 : 2;
}

static void product_stage(void *context, size_t task) {
  const struct run *run = context;
  const size_t n = run->layout.plan->shape.out_channels;
  const size_t width = 2 * (size_t)run->engine->vector;
  const size_t parts = column_parts(run), panels = divided_up(n, width);
  const size_t row_parts = divided_up(run->tiles, rows_at_once);
  const size_t part = task % parts, row_part = task / parts % row_parts;
  const size_t plane = task / parts / row_parts;
  const size_t j = panels * part / parts * width;
  const size_t end = smaller(panels * (part + 1) / parts * width, n);
  const size_t first = run->tiles * row_part / row_parts;
  const size_t last = run->tiles * (row_part + 1) / row_parts;
  multiply(run, run->workspace, plane, first, last - first, j, end - j);
}

static void output_stage(void *context, size_t begin, size_t end) {
  const struct run *run = context;
  const float *products =
      run->workspace + planes_of(run->layout.plan) * run->layout.input_plane;
  run->transforms->output(&run->layout, products + begin * run->layout.product_step, begin,
                          end - begin, &run->epilogue, run->output);
}

void bnk_conv2d_run_winograd(const struct bnk_conv2d_plan *plan, const float *input,
                             const float *packed, const struct bnk_epilogue *epilogue,
                             float *output, float *workspace) {
  struct run run = {
      .layout = layout_of(plan, plan->tiles_at_once),
      .transforms = transforms(plan),
      .engine = bnk_igemm_current(),
      .input = input,
      .packed = packed,
      .output = output,
      .workspace = workspace,
      .tiles = tile_count(plan),
  };
  if (epilogue) run.epilogue = *epilogue;
  if (plan->by_image) {
    const size_t blocks = divided_up(run.tiles, plan->tiles_at_once);
    bnk_parallel_tasks(smaller(smaller(plan->strands, blocks), (size_t)bnk_threads()),
                       run_blocks, &run);
    return;
  }
  bnk_parallel_for(run.tiles, 1, input_stage, &run);
  const size_t row_parts = divided_up(run.tiles, rows_at_once);
  bnk_parallel_tasks(planes_of(plan) * row_parts * column_parts(&run), product_stage, &run);
  bnk_parallel_for(run.tiles, 1, output_stage, &run);
}
