#include <string.h>

#include "batch_norm.h"
#include "bnk/threads.h"

enum {
  /// Channels that are summed together: 4 KiB of each row.
  group_channels = 1024,
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
  bnk_parallel_for((channels + group_channels - 1) / group_channels, 1 + 64 / rows, groups, &w);
}
