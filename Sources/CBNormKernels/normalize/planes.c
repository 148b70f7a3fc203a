// Channels that are neither first nor last: each has planes of elements side by side. A plane is
// taken as rows of a few made-up channels, so that the kernels for rows serve it.
#define BNK_TIER 0
#include "../math/tier.h"

#include "../math/scalar.h"
#include "batch_norm.h"
#include "bnk/threads.h"

enum {
  lanes = 64,
  /// Elements that are summed in float.
  part_elements = 256 * lanes,
  pivot_elements = 64,
};

struct planes {
  enum bnk_dtype type;
  size_t channels, inner;
  const char *x;
  char *y;
  const float *scale, *shift;
  bool rounds;
  float *pivots;
  double *sums;
};

static void repeat(float value, float *pattern) {
  for (int i = 0; i < lanes; i++) pattern[i] = value;
}

/// Adds both sums of `count` elements.
static void add_part(const struct planes *p, const char *x, size_t count, const float *pivot,
                     double *sums) {
  float first[lanes], second[lanes];
  const size_t rows = count / lanes, rest = count % lanes;
  struct bnk_channel_sums s = {.x = x, .stride = lanes, .rows = rows, .channels = lanes,
                               .pivot = pivot, .first = first, .second = second};
  for (int pass = 0; pass < 2; pass++) {
    if (s.rows > 0 && s.channels > 0) {
      bnk_batch_norm_kernels(p->type)->sums(&s);
      for (size_t i = 0; i < s.channels; i++) {
        sums[0] += first[i];
        sums[1] += second[i];
      }
    }
    s.x = x + rows * lanes * bnk_batch_norm_element(p->type);
    s.rows = 1;
    s.channels = rest;
  }
}

static void sum_planes(void *context, size_t begin, size_t end) {
  const struct planes *p = context;
  const size_t element = bnk_batch_norm_element(p->type);
  float pivot[lanes];
  for (size_t plane = begin; plane < end; plane++) {
    const char *x = p->x + plane * p->inner * element;
    double *sums = p->sums + 2 * plane;
    sums[0] = sums[1] = 0;
    repeat(p->pivots[plane % p->channels], pivot);
    for (size_t i = 0; i < p->inner; i += part_elements) {
      const size_t left = p->inner - i;
      add_part(p, x + i * element, left < part_elements ? left : part_elements, pivot, sums);
    }
  }
}

size_t bnk_batch_norm_planes_workspace_bytes(size_t outer, size_t channels) {
  return (2 * outer * channels) * sizeof(double) + channels * sizeof(float);
}

void bnk_batch_norm_planes_moments(enum bnk_dtype type, size_t outer, size_t channels,
                                   size_t inner, const void *x, float *mean, float *variance,
                                   void *workspace) {
  struct planes p = {.type = type, .channels = channels, .inner = inner, .x = x,
                     .sums = workspace, .pivots = (float *)((double *)workspace + 2 * outer * channels)};
  const size_t few = inner < pivot_elements ? inner : pivot_elements;
  float zeros[lanes];
  repeat(0, zeros);
  for (size_t c = 0; c < channels; c++) {
    double sums[2] = {0, 0};
    add_part(&p, p.x + c * inner * bnk_batch_norm_element(type), few, zeros, sums);
    p.pivots[c] = bnk_batch_norm_pivot((float)(sums[0] / (double)few));
  }
  bnk_parallel_for(outer * channels, 1 + 65536 / inner, sum_planes, &p);
  const double share = 1 / ((double)outer * (double)inner);
  for (size_t c = 0; c < channels; c++) {
    double sum = 0, squares = 0;
    for (size_t n = 0; n < outer; n++) {
      sum += p.sums[2 * (n * channels + c)];
      squares += p.sums[2 * (n * channels + c) + 1];
    }
    const double shift = sum * share, spread = squares * share - shift * shift;
    mean[c] = (float)(p.pivots[c] + shift);
    variance[c] = (float)(spread < 0 ? 0 : spread);
  }
}

static void map_planes(void *context, size_t begin, size_t end) {
  const struct planes *p = context;
  const size_t element = bnk_batch_norm_element(p->type);
  float scale[lanes], shift[lanes];
  for (size_t plane = begin; plane < end; plane++) {
    repeat(p->scale[plane % p->channels], scale);
    repeat(p->shift[plane % p->channels], shift);
    bnk_batch_norm_kernels(p->type)->map(&(struct bnk_channel_map){
        .x = p->x + plane * p->inner * element, .count = p->inner, .period = lanes,
        .scale = scale, .shift = shift, .low = -INFINITY, .high = INFINITY,
        .y = p->y + plane * p->inner * element, .rounds = p->rounds,
    });
  }
}

void bnk_batch_norm_planes_apply(enum bnk_dtype type, size_t outer, size_t channels, size_t inner,
                                 const void *x, const float *scale, const float *shift, void *y) {
  struct planes p = {.type = type, .channels = channels, .inner = inner, .x = x, .y = y,
                     .scale = scale, .shift = shift};
  bnk_parallel_for(outer * channels, 1 + 32768 / inner, map_planes, &p);
}

static void widen(enum bnk_dtype type, size_t count, const uint16_t *from, float *to) {
  for (size_t i = 0; i < count; i++) {
    to[i] = type == BNK_HALF ? f32_from_half(from[i]) : f32_from_bf16(from[i]);
  }
}

void bnk_batch_norm_apply_rounded(enum bnk_dtype type, size_t outer, size_t channels, size_t inner,
                                  const void *x, const void *scale, const void *shift,
                                  float *workspace, void *y) {
  float *wide_scale = workspace, *wide_shift = workspace + channels;
  widen(type, channels, scale, wide_scale);
  widen(type, channels, shift, wide_shift);
  if (inner == 1) {
    bnk_batch_norm_map(type, outer, channels, (struct bnk_channel_map){
        .x = x, .scale = wide_scale, .shift = wide_shift, .low = -INFINITY, .high = INFINITY,
        .y = y, .rounds = true});
    return;
  }
  struct planes p = {.type = type, .channels = channels, .inner = inner, .x = x, .y = y,
                     .scale = wide_scale, .shift = wide_shift, .rounds = true};
  bnk_parallel_for(outer * channels, 1 + 32768 / inner, map_planes, &p);
}
