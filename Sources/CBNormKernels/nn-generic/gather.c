// Rows of pixels for convolution as a matrix product (im2col).
#include <string.h>

#include "bnk/nn_generic.h"

static inline void copy_pixel(char *target, const char *source, ptrdiff_t bytes) {
  switch (bytes) {
    case 4: memcpy(target, source, 4); break;
    case 8: memcpy(target, source, 8); break;
    case 12: memcpy(target, source, 12); break;
    case 16: memcpy(target, source, 16); break;
    default: memcpy(target, source, (size_t)bytes);
  }
}

/// The taps of one line of the kernel at grid position `x`.
static char *gather_line(const struct bnk_nn_gather *g, const char *line, ptrdiff_t x,
                         char *target) {
  const int32_t *offsets = g->offsets[2];
  const ptrdiff_t taps = g->taps[2], base = x * g->step[2], bytes = g->bytes;
  const ptrdiff_t first = base + offsets[0], last = base + offsets[taps - 1];
  if (bytes == g->pixel_bytes && last - first == taps - 1 && first >= 0 && last < g->in[2]) {
    memcpy(target, line + first * g->pixel_bytes, (size_t)(taps * bytes));
    return target + taps * bytes;
  }
  for (ptrdiff_t tap = 0; tap < taps; tap++, target += bytes) {
    const ptrdiff_t column = base + offsets[tap];
    if (column >= 0 && column < g->in[2]) {
      copy_pixel(target, line + column * g->pixel_bytes, bytes);
    } else {
      memset(target, 0, (size_t)bytes);
    }
  }
  return target;
}

void bnk_nn_gather_rows(const struct bnk_nn_gather *g, size_t begin, size_t end, void *rows) {
  char *target = rows;
  const ptrdiff_t line_bytes = g->in[2] * g->pixel_bytes;
  const ptrdiff_t empty = g->taps[2] * g->bytes;
  if (empty == 0 || g->taps[0] == 0 || g->taps[1] == 0) return;
  for (size_t row = begin; row < end; row++) {
    size_t rest = row;
    const ptrdiff_t x = (ptrdiff_t)(rest % (size_t)g->grid[2]);
    rest /= (size_t)g->grid[2];
    const ptrdiff_t y = (ptrdiff_t)(rest % (size_t)g->grid[1]);
    rest /= (size_t)g->grid[1];
    const ptrdiff_t z = (ptrdiff_t)(rest % (size_t)g->grid[0]);
    const ptrdiff_t image = (ptrdiff_t)(rest / (size_t)g->grid[0]);
    for (ptrdiff_t tz = 0; tz < g->taps[0]; tz++) {
      const ptrdiff_t plane = z * g->step[0] + g->offsets[0][tz];
      if (plane < 0 || plane >= g->in[0]) {
        memset(target, 0, (size_t)(empty * g->taps[1]));
        target += empty * g->taps[1];
        continue;
      }
      for (ptrdiff_t ty = 0; ty < g->taps[1]; ty++) {
        const ptrdiff_t line = y * g->step[1] + g->offsets[1][ty];
        if (line < 0 || line >= g->in[1]) {
          memset(target, 0, (size_t)empty);
          target += empty;
          continue;
        }
        const char *source = (const char *)g->source + g->first_byte +
                             ((image * g->in[0] + plane) * g->in[1] + line) * line_bytes;
        target = gather_line(g, source, x, target);
      }
    }
  }
}
