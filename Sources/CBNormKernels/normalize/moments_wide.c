#include <stdint.h>
#include <string.h>

#include "batch_norm.h"
#include "bnk/cpu.h"
#include "bnk/threads.h"

enum {
  /// Channels that are summed together.
  group_channels = 1024,
  long_channels = 16384,
  /// Rows that are summed in float.
  part_rows = 256,
};

struct wide {
  enum bnk_dtype type;
  size_t rows, channels;
  const char *x;
  float *mean, *variance;
};

static void sum(const struct wide *w, size_t channel, size_t count, size_t row, size_t rows,
                const float *pivot, float *first, float *second) {
  bnk_batch_norm_kernels(w->type)->sums(&(struct bnk_channel_sums){
      .x = w->x + (row * w->channels + channel) * bnk_batch_norm_element(w->type),
      .stride = w->channels, .rows = rows, .channels = count, .pivot = pivot, .first = first,
      .second = second,
  });
}

static void group(const struct wide *w, size_t channel, size_t count) {
  float pivot[group_channels], first[group_channels], second[group_channels];
  double sums[group_channels], squares[group_channels];
  memset(pivot, 0, sizeof pivot);
  memset(sums, 0, sizeof sums);
  memset(squares, 0, sizeof squares);
  // A few rows are near enough to the mean.
  const size_t few = w->rows < 4 ? 1 : 4;
  sum(w, channel, count, 0, few, pivot, first, second);
  for (size_t c = 0; c < count; c++) pivot[c] = bnk_batch_norm_pivot(first[c] / (float)few);
  for (size_t row = 0; row < w->rows; row += part_rows) {
    const size_t rows = w->rows - row < part_rows ? w->rows - row : part_rows;
    sum(w, channel, count, row, rows, pivot, first, second);
    for (size_t c = 0; c < count; c++) {
      sums[c] += first[c];
      squares[c] += second[c];
    }
  }
  const double share = 1 / (double)w->rows;
  for (size_t c = 0; c < count; c++) {
    const double shift = sums[c] * share, spread = squares[c] * share - shift * shift;
    w->mean[channel + c] = (float)(pivot[c] + shift);
    w->variance[channel + c] = (float)(spread < 0 ? 0 : spread);
  }
}

/// The value of the first row as the pivot, cut as `bnk_batch_norm_pivot` cuts it.
static inline __attribute__((always_inline)) float pivot_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  bits = (bits & 0x7f800000u) == 0x7f800000u ? 0 : bits & 0xffff0000u;
  float pivot;
  memcpy(&pivot, &bits, sizeof pivot);
  return pivot;
}

/// Floats of so few rows that sums are made in float, at the place of the results; four rows at a
/// time, so that long stretches of memory are read one after the other.
static inline __attribute__((always_inline)) void few_rows(const struct wide *w, size_t channel,
                                                           size_t count) {
  const size_t stride = w->channels, rows = w->rows;
  const float *x0 = (const float *)w->x + channel, *x = x0;
  float *restrict first = w->mean + channel, *restrict second = w->variance + channel;
  for (size_t c = 0; c < count; c++) first[c] = second[c] = 0;
  size_t row = 0;
  for (; row + 4 <= rows; row += 4, x += 4 * stride) {
    for (size_t c = 0; c < count; c++) {
      const float pivot = pivot_of(x0[c]);
      const float a = x[c] - pivot, b = x[stride + c] - pivot;
      const float d = x[2 * stride + c] - pivot, e = x[3 * stride + c] - pivot;
      first[c] += (a + b) + (d + e);
      second[c] += (a * a + b * b) + (d * d + e * e);
    }
  }
  for (; row < rows; row++, x += stride) {
    for (size_t c = 0; c < count; c++) {
      const float d = x[c] - pivot_of(x0[c]);
      first[c] += d;
      second[c] += d * d;
    }
  }
  const double share = 1 / (double)rows;
  for (size_t c = 0; c < count; c++) {
    const double shift = first[c] * share, spread = second[c] * share - shift * shift;
    first[c] = (float)(pivot_of(x0[c]) + shift);
    second[c] = (float)(spread < 0 ? 0 : spread);
  }
}

static void few_rows_portable(const struct wide *w, size_t channel, size_t count) {
  few_rows(w, channel, count);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void few_rows_avx2(const struct wide *w, size_t channel,
                                                              size_t count) {
  few_rows(w, channel, count);
}

__attribute__((target("avx512f,avx512dq,avx512vl,fma"))) static void few_rows_avx512(
    const struct wide *w, size_t channel, size_t count) {
  few_rows(w, channel, count);
}
#endif

static void long_groups(void *context, size_t begin, size_t end) {
  const struct wide *w = context;
  void (*run)(const struct wide *, size_t, size_t) = few_rows_portable;
#if defined(__x86_64__)
  if (bnk_tier() == BNK_TIER_AVX2) run = few_rows_avx2;
  if (bnk_tier() == BNK_TIER_AVX512) run = few_rows_avx512;
#endif
  for (size_t i = begin; i < end; i++) {
    const size_t channel = i * long_channels, left = w->channels - channel;
    run(w, channel, left < long_channels ? left : long_channels);
  }
}

static void groups(void *context, size_t begin, size_t end) {
  const struct wide *w = context;
  for (size_t i = begin; i < end; i++) {
    const size_t channel = i * group_channels, left = w->channels - channel;
    group(w, channel, left < group_channels ? left : group_channels);
  }
}

void bnk_batch_norm_moments_wide(enum bnk_dtype type, size_t rows, size_t channels, const void *x,
                                 float *mean, float *variance) {
  struct wide w = {type, rows, channels, x, mean, variance};
  if (type == BNK_FLOAT && rows <= part_rows) {
    bnk_parallel_for((channels + long_channels - 1) / long_channels, 1, long_groups, &w);
    return;
  }
  bnk_parallel_for((channels + group_channels - 1) / group_channels, 1 + 64 / rows, groups, &w);
}
