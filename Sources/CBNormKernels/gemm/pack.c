#include "pack.h"

#include <string.h>

#include "bnk/threads.h"

struct packing {
  const struct bnk_columns *columns;
  size_t vector;
};

static float load_float(const char *from) {
  float value;
  memcpy(&value, from, sizeof value);
  return value;
}

/// Packs one position of the inner dimension.
static void pack_row(const char *source, size_t step, size_t count, size_t width,
                     const float *scale, float *to) {
  if (step == 1) {
    memcpy(to, source, count * sizeof(float));
  } else {
    for (size_t j = 0; j < count; j++) to[j] = load_float(source + j * step * sizeof(float));
  }
  for (size_t j = count; j < width; j++) to[j] = 0;
  for (size_t j = 0; scale && j < count; j++) to[j] *= scale[j];
}

static void pack_panel(const struct bnk_columns *c, size_t j, size_t width, float *to) {
  const struct bnk_segments *s = &c->segments;
  const size_t count = c->n - j < width ? c->n - j : width;
  const float *scale = c->scale ? c->scale + j : NULL;
  const char *source = (const char *)c->source + j * c->n_step * sizeof(float);
  const size_t part = c->part ? c->part : s->run;
  for (size_t from = 0; from < s->run; from += part) {
    const size_t run = s->run - from < part ? s->run - from : part;
    for (size_t tap = 0; tap < s->outer_count * s->inner_count; tap++) {
      const size_t outer = tap / s->inner_count, inner = tap % s->inner_count;
      const size_t first = outer * s->outer_step + inner * s->inner_step + from;
      for (size_t k = first; k < first + run; k++, to += width) {
        pack_row(source + k * c->k_step * sizeof(float), c->n_step, count, width, scale, to);
      }
    }
  }
}

static void pack_panels(void *context, size_t begin, size_t end) {
  const struct packing *p = context;
  const size_t length = bnk_segments_length(&p->columns->segments);
  for (size_t panel = begin; panel < end; panel++) {
    const size_t j = panel * 2 * p->vector;
    const size_t width = bnk_panel_width(p->columns->n, j, p->vector);
    pack_panel(p->columns, j, width, p->columns->packed + j * length);
  }
}

void bnk_pack_columns(const struct bnk_columns *columns) {
  struct packing packing = {columns, (size_t)bnk_igemm_current()->vector};
  const size_t panels = (columns->n + 2 * packing.vector - 1) / (2 * packing.vector);
  bnk_parallel_for(panels, 1, pack_panels, &packing);
}
