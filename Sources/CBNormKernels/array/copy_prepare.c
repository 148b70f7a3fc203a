#include "bnk/array.h"

#include <string.h>

static void swap_dimensions(struct bnk_copy *c, uint32_t a, uint32_t b) {
  const size_t d = c->dims[a];
  const ptrdiff_t s = c->src[a], t = c->dst[a];
  c->dims[a] = c->dims[b], c->src[a] = c->src[b], c->dst[a] = c->dst[b];
  c->dims[b] = d, c->src[b] = s, c->dst[b] = t;
}

/// Moves dimension `from` to position `to` > `from`, keeping the order of the others.
static void move_dimension(struct bnk_copy *c, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; i++) swap_dimensions(c, i, i + 1);
}

static void sort_by_target(struct bnk_copy *c) {
  for (uint32_t i = 1; i < c->rank; i++) {
    for (uint32_t j = i; j > 0 && c->dst[j - 1] < c->dst[j]; j--) swap_dimensions(c, j - 1, j);
  }
}

/// Joins dimensions that both sides walk as one.
static void merge(struct bnk_copy *c) {
  uint32_t last = 0;
  for (uint32_t i = 1; i < c->rank; i++) {
    const ptrdiff_t n = (ptrdiff_t)c->dims[i];
    if (c->src[last] == c->src[i] * n && c->dst[last] == c->dst[i] * n) {
      c->dims[last] *= c->dims[i];
    } else {
      last++;
      c->dims[last] = c->dims[i];
    }
    c->src[last] = c->src[i];
    c->dst[last] = c->dst[i];
  }
  if (c->rank > 0) c->rank = last + 1;
}

static bool is_unit(size_t bytes) {
  return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8 || bytes == 16;
}

static enum bnk_copy_kind choose(struct bnk_copy *c) {
  if (c->rank == 0) return BNK_COPY_ROWS;
  const uint32_t inner = c->rank - 1;
  const ptrdiff_t size = (ptrdiff_t)c->size;
  if (c->dst[inner] != size) return BNK_COPY_STRIDED;
  if (c->src[inner] == size) {
    const size_t row = c->dims[inner] * c->size;
    c->size = row;
    c->rank--;
    if (c->rank == 0 || !is_unit(row)) return BNK_COPY_ROWS;
    return choose(c);
  }
  if (c->src[inner] == 0) return BNK_COPY_FILL;
  for (uint32_t i = 0; i < inner; i++) {
    // A plane of a few columns is faster as strided rows.
    if (c->src[i] == size && c->dims[i] > 1) {
      move_dimension(c, i, inner - 1);
      return BNK_COPY_TRANSPOSE;
    }
  }
  return BNK_COPY_STRIDED;
}

bool bnk_copy_prepare(struct bnk_copy *c, size_t size, size_t rank, const int64_t *dims,
                      const int64_t *src_strides, const int64_t *dst_strides) {
  memset(c, 0, sizeof *c);
  c->size = size;
  c->bytes = size;
  for (size_t i = 0; i < rank; i++) {
    if (dims[i] == 0) {
      c->kind = BNK_COPY_EMPTY;
      c->rank = 0;
      c->bytes = 0;
      return true;
    }
    c->bytes *= (size_t)dims[i];
  }
  for (size_t i = 0; i < rank; i++) {
    if (dims[i] == 1) continue;
    if (c->rank == BNK_COPY_RANK) return false;
    c->dims[c->rank] = (size_t)dims[i];
    c->src[c->rank] = src_strides[i] * (ptrdiff_t)size;
    c->dst[c->rank] = dst_strides[i] * (ptrdiff_t)size;
    c->rank++;
  }
  sort_by_target(c);
  merge(c);
  c->kind = choose(c);
  return true;
}
