#include "bnk/array.h"

#include "bnk/threads.h"

#include <string.h>

typedef unsigned char u8x16 __attribute__((vector_size(16), aligned(1), may_alias));

static inline int64_t index_at(const void *indices, size_t size, size_t i) {
  switch (size) {
    case 2: return ((const int16_t *)indices)[i];
    case 4: return ((const int32_t *)indices)[i];
    default: return ((const int64_t *)indices)[i];
  }
}

size_t bnk_bad_index(const void *indices, size_t index_size, size_t count, int64_t limit) {
  for (size_t i = 0; i < count; i++) {
    const int64_t index = index_at(indices, index_size, i);
    if (index < 0 || index >= limit) return i;
  }
  return count;
}

struct gather_job {
  const struct bnk_gather *gather;
  const char *params;
  const void *indices;
  char *out;
};

#define GATHER(SIZE, TYPE)                                                             \
  case SIZE:                                                                           \
    for (size_t i = from; i < to; i++) {                                               \
      ((TYPE *)out)[i] = ((const TYPE *)params)[index_at(indices, g->index_size, i)];  \
    }                                                                                  \
    return

/// Rows [from, to) of one batch and outer index.
static inline void gather_rows(const struct bnk_gather *g, const char *params, const void *indices,
                               char *out, size_t from, size_t to) {
  switch (g->row) {
    GATHER(1, uint8_t);
    GATHER(2, uint16_t);
    GATHER(4, uint32_t);
    GATHER(8, uint64_t);
    GATHER(16, u8x16);
    default: break;
  }
  for (size_t i = from; i < to; i++) {
    memcpy(out + i * g->row, params + (size_t)index_at(indices, g->index_size, i) * g->row, g->row);
  }
}

static void gather_range(void *context, size_t begin, size_t end) {
  const struct gather_job *job = context;
  const struct bnk_gather *g = job->gather;
  while (begin < end) {
    const size_t plane = begin / g->count, from = begin % g->count;
    const size_t left = end - begin, to = left < g->count - from ? from + left : g->count;
    const size_t batch = plane / g->outer;
    gather_rows(g, job->params + plane * g->limit * g->row,
                (const char *)job->indices + batch * g->count * g->index_size,
                job->out + plane * g->count * g->row, from, to);
    begin += to - from;
  }
}

void bnk_gather_run(const struct bnk_gather *gather, const void *params, const void *indices,
                    void *out) {
  const size_t rows = gather->batch * gather->outer * gather->count;
  if (rows == 0 || gather->row == 0) return;
  struct gather_job job = {gather, params, indices, out};
  bnk_parallel_for(rows, 65536 / gather->row + 1, gather_range, &job);
}

size_t bnk_nd_offsets(const void *indices, size_t index_size, size_t count, size_t depth,
                      const int64_t *dims, const int64_t *strides, int64_t *offsets) {
  size_t bad = count;
  for (size_t i = 0; i < count; i++) {
    int64_t offset = 0;
    bool valid = true;
    for (size_t k = 0; k < depth; k++) {
      const int64_t index = index_at(indices, index_size, i * depth + k);
      const bool inside = index >= 0 && index < dims[k];
      valid = valid && inside;
      offset += inside ? index * strides[k] : 0;
    }
    offsets[i] = valid ? offset : -1;
    if (!valid && bad == count) bad = i;
  }
  return bad;
}

struct offset_job {
  char *out;
  const char *params;
  const int64_t *offsets;
  size_t row;
};

static void offset_range(void *context, size_t begin, size_t end) {
  const struct offset_job *job = context;
  for (size_t i = begin; i < end; i++) {
    const int64_t offset = job->offsets[i];
    char *out = job->out + i * job->row;
    if (offset < 0) {
      memset(out, 0, job->row);
    } else if (job->row == 4) {
      memcpy(out, job->params + offset * 4, 4);
    } else {
      memcpy(out, job->params + (size_t)offset * job->row, job->row);
    }
  }
}

void bnk_gather_offsets(void *out, const void *params, const int64_t *offsets, size_t count,
                        size_t row) {
  if (row == 0) return;
  struct offset_job job = {out, params, offsets, row};
  bnk_parallel_for(count, 65536 / row + 1, offset_range, &job);
}
