#include "batch_norm.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../activation/finish.h"
#include "bnk/cpu.h"
#include "bnk/threads.h"

/// Rows of a part that is summed in float.
static const size_t part_rows = 256;
/// Rows whose mean is the pivot that is subtracted before squaring.
static const size_t pivot_rows = 16;
/// Channels of a task.
static const size_t task_channels = 256;

const struct bnk_batch_norm *bnk_batch_norm_kernels(enum bnk_dtype type) {
  const int index = type == BNK_FLOAT ? 0 : type == BNK_HALF ? 1 : 2;
#if defined(__x86_64__)
  switch (bnk_tier()) {
    case BNK_TIER_AVX512: return &bnk_batch_norm__avx512[index];
    case BNK_TIER_AVX2: return &bnk_batch_norm__avx2[index];
    default: break;
  }
#endif
  return &bnk_batch_norm__portable[index];
}

size_t bnk_batch_norm_element(enum bnk_dtype type) { return type == BNK_FLOAT ? 4 : 2; }

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }

/// Rows that are taken for one, so that a few channels fill vectors.
static size_t rows_in_one(size_t rows, size_t channels) {
  return channels % 16 != 0 && channels <= 64 && rows >= 1024 ? 16 : 1;
}

size_t bnk_batch_norm_workspace_bytes(size_t rows, size_t channels) {
  const size_t merged = rows_in_one(rows, channels);
  const size_t parts = divided_up(rows / merged, part_rows) + 1;
  return (2 * parts + 1) * channels * merged * sizeof(float);
}

struct summing {
  const struct bnk_batch_norm *kernels;
  size_t element, rows, channels, parts, groups;
  const char *x, *dy;
  const float *pivot;
  float *sums;
};

static const void *at(const void *x, size_t element, size_t index) {
  return x ? (const char *)x + index * element : NULL;
}

static void sum_tasks(void *context, size_t begin, size_t end) {
  const struct summing *s = context;
  for (size_t task = begin; task < end; task++) {
    const size_t part = task / s->groups, c = task % s->groups * task_channels;
    const size_t row = part * part_rows;
    float *sums = s->sums + part * 2 * s->channels + c;
    s->kernels->sums(&(struct bnk_channel_sums){
        .x = at(s->x, s->element, row * s->channels + c),
        .dy = at(s->dy, s->element, row * s->channels + c),
        .stride = s->channels,
        .rows = smaller(part_rows, s->rows - row),
        .channels = smaller(task_channels, s->channels - c),
        .pivot = s->pivot + c,
        .first = sums,
        .second = sums + s->channels,
    });
  }
}

/// Sums of parts of the rows, in the workspace behind the pivots: for each part both sums of
/// every channel. The last part are rows that could not be merged. Returns the number of parts.
static size_t sum_parts(enum bnk_dtype type, size_t rows, size_t channels, const void *x,
                        const void *dy, float *workspace) {
  const size_t merged = rows_in_one(rows, channels), wide = channels * merged;
  struct summing s = {
      .kernels = bnk_batch_norm_kernels(type),
      .element = bnk_batch_norm_element(type),
      .rows = rows / merged,
      .channels = wide,
      .parts = divided_up(rows / merged, part_rows),
      .groups = divided_up(wide, task_channels),
      .x = x,
      .dy = dy,
      .pivot = workspace,
      .sums = workspace + wide,
  };
  const size_t grain = 1 + 65536 / (part_rows * smaller(wide, task_channels) + 1);
  bnk_parallel_for(s.parts * s.groups, grain, sum_tasks, &s);
  const size_t rest = rows % merged;
  float *last = s.sums + s.parts * 2 * wide;
  memset(last, 0, 2 * wide * sizeof(float));
  if (rest == 0) return s.parts;
  const size_t done = (rows - rest) * channels;
  s.kernels->sums(&(struct bnk_channel_sums){
      .x = at(x, s.element, done), .dy = at(dy, s.element, done), .stride = channels,
      .rows = rest, .channels = channels, .pivot = workspace, .first = last,
      .second = last + wide,
  });
  return s.parts + 1;
}

/// Both sums of a channel.
static void add_parts(const float *sums, size_t parts, size_t channels, size_t merged, size_t c,
                      double *first, double *second) {
  const size_t wide = channels * merged;
  *first = *second = 0;
  for (size_t part = 0; part < parts; part++, sums += 2 * wide) {
    for (size_t i = c; i < wide; i += channels) {
      *first += sums[i];
      *second += sums[wide + i];
    }
  }
}

static void repeat(float *values, size_t count, size_t times) {
  for (size_t i = 1; i < times; i++) memcpy(values + i * count, values, count * sizeof(float));
}

float bnk_batch_norm_pivot(float mean) {
  uint32_t bits;
  memcpy(&bits, &mean, sizeof bits);
  bits = isfinite(mean) ? bits & 0xffff0000u : 0;
  float pivot;
  memcpy(&pivot, &bits, sizeof pivot);
  return pivot;
}

/// A value near the mean of each channel: that of a few rows.
static void find_pivots(enum bnk_dtype type, size_t rows, size_t channels, const void *x,
                        float *pivot, float *scratch) {
  const size_t count = smaller(rows, pivot_rows);
  memset(pivot, 0, channels * sizeof(float));
  bnk_batch_norm_kernels(type)->sums(&(struct bnk_channel_sums){
      .x = x, .stride = rows / count * channels, .rows = count, .channels = channels,
      .pivot = pivot, .first = scratch, .second = scratch + channels,
  });
  for (size_t c = 0; c < channels; c++) {
    pivot[c] = bnk_batch_norm_pivot(scratch[c] / (float)count);
  }
}

void bnk_batch_norm_moments(enum bnk_dtype type, size_t rows, size_t channels, const void *x,
                            float *mean, float *variance, void *workspace) {
  if (rows == 0) {
    for (size_t c = 0; c < channels; c++) mean[c] = variance[c] = NAN;
    return;
  }
  if (channels >= 16 * task_channels && rows <= 16 * part_rows) {
    bnk_batch_norm_moments_wide(type, rows, channels, x, mean, variance);
    return;
  }
  const size_t merged = rows_in_one(rows, channels);
  float *pivot = workspace, *sums = pivot + channels * merged;
  find_pivots(type, rows, channels, x, pivot, sums);
  repeat(pivot, channels, merged);
  const size_t parts = sum_parts(type, rows, channels, x, NULL, pivot);
  for (size_t c = 0; c < channels; c++) {
    double sum, squares;
    add_parts(sums, parts, channels, merged, c, &sum, &squares);
    const double shift = sum / (double)rows;
    const double spread = squares / (double)rows - shift * shift;
    mean[c] = (float)(pivot[c] + shift);
    variance[c] = (float)(spread < 0 ? 0 : spread);
  }
}

void bnk_batch_norm_gradient_sums(enum bnk_dtype type, size_t rows, size_t channels,
                                  const void *x, const void *dy, const float *mean, float *sum_dy,
                                  float *sum_dy_x, void *workspace) {
  const size_t merged = rows_in_one(rows, channels);
  float *pivot = workspace, *sums = pivot + channels * merged;
  memcpy(pivot, mean, channels * sizeof(float));
  repeat(pivot, channels, merged);
  const size_t parts = rows == 0 ? 0 : sum_parts(type, rows, channels, x, dy, pivot);
  for (size_t c = 0; c < channels; c++) {
    double first, second;
    add_parts(sums, parts, channels, merged, c, &first, &second);
    sum_dy[c] = (float)first;
    sum_dy_x[c] = (float)second;
  }
}

/// Factors of 16 rows of a few channels, so that whole vectors can be taken from them.
enum { pattern_floats = 64 * 16 };

struct mapping {
  const struct bnk_batch_norm *kernels;
  struct bnk_channel_map map;
  size_t element, channels;
};

static void map_rows(void *context, size_t begin, size_t end) {
  const struct mapping *m = context;
  struct bnk_channel_map map = m->map;
  const size_t first = begin * m->channels;
  map.x = at(map.x, m->element, first);
  map.dy = at(map.dy, m->element, first);
  map.y = (char *)map.y + first * m->element;
  map.count = (end - begin) * m->channels;
  m->kernels->map(&map);
}

static void fill_pattern(const float *factors, size_t channels, float *pattern) {
  for (size_t i = 0; i < 16; i++) memcpy(pattern + i * channels, factors, channels * 4);
}

void bnk_batch_norm_map(enum bnk_dtype type, size_t rows, size_t channels,
                        struct bnk_channel_map map) {
  if (rows == 0 || channels == 0) return;
  struct mapping m = {bnk_batch_norm_kernels(type), map, bnk_batch_norm_element(type), channels};
  float scale[pattern_floats], dy_scale[pattern_floats], shift[pattern_floats];
  m.map.period = channels;
  if (rows_in_one(rows, channels) > 1) {
    fill_pattern(map.scale, channels, scale);
    fill_pattern(map.shift, channels, shift);
    if (map.dy_scale) fill_pattern(map.dy_scale, channels, dy_scale);
    m.map.scale = scale;
    m.map.shift = shift;
    m.map.dy_scale = map.dy_scale ? dy_scale : NULL;
    m.map.period = 16 * channels;
  }
  bnk_parallel_for(rows, 1 + 32768 / channels, map_rows, &m);
}

struct activating {
  enum bnk_activation activation;
  float alpha, beta;
  size_t channels;
  float *y;
};

static void activate_rows(void *context, size_t begin, size_t end) {
  const struct activating *a = context;
  bnk_activate_rows_f32(a->activation, a->alpha, a->beta, 1, (end - begin) * a->channels,
                        a->y + begin * a->channels, 0);
}

void bnk_batch_norm_apply(enum bnk_dtype type, size_t rows, size_t channels, const void *x,
                          const float *scale, const float *shift, enum bnk_activation activation,
                          float alpha, float beta, void *y) {
  struct bnk_channel_map map = {.x = x, .scale = scale, .shift = shift, .y = y};
  const struct bnk_epilogue e = {.activation = activation, .alpha = alpha, .beta = beta};
  const bool later = bnk_activation_bounds(&e, &map.low, &map.high);
  bnk_batch_norm_map(type, rows, channels, map);
  if (later && type == BNK_FLOAT && channels > 0) {
    struct activating activating = {activation, alpha, beta, channels, y};
    bnk_parallel_for(rows, 1 + 8192 / channels, activate_rows, &activating);
  }
}

void bnk_batch_norm_gradient_apply(enum bnk_dtype type, size_t rows, size_t channels,
                                   const void *x, const void *dy, const float *dy_factor,
                                   const float *x_factor, const float *shift, void *dx) {
  bnk_batch_norm_map(type, rows, channels,
               (struct bnk_channel_map){.x = x, .dy = dy, .scale = x_factor,
                                        .dy_scale = dy_factor, .shift = shift, .y = dx,
                                        .low = -INFINITY, .high = INFINITY});
}
