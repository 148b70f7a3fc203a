#include "bnk/array.h"

#include "bnk/threads.h"
#include "transpose.h"

#include <string.h>

/// Copies of fewer bytes stay on the calling thread.
enum { parallel_bytes = 1 << 18 };

typedef uint16_t u16 __attribute__((aligned(1), may_alias));
typedef uint32_t u32 __attribute__((aligned(1), may_alias));
typedef uint64_t u64 __attribute__((aligned(1), may_alias));
typedef unsigned char u8x16 __attribute__((vector_size(16), aligned(1), may_alias));

/// A short row by overlapping moves, a long one by memcpy.
static inline void copy_row(char *restrict dst, const char *restrict src, size_t n) {
  if (n > 256) {
    memcpy(dst, src, n);
  } else if (n >= 16) {
    for (size_t i = 0; i + 16 <= n; i += 16) *(u8x16 *)(dst + i) = *(const u8x16 *)(src + i);
    *(u8x16 *)(dst + n - 16) = *(const u8x16 *)(src + n - 16);
  } else if (n >= 8) {
    const u64 a = *(const u64 *)src, b = *(const u64 *)(src + n - 8);
    *(u64 *)dst = a;
    *(u64 *)(dst + n - 8) = b;
  } else if (n >= 4) {
    const u32 a = *(const u32 *)src, b = *(const u32 *)(src + n - 4);
    *(u32 *)dst = a;
    *(u32 *)(dst + n - 4) = b;
  } else {
    for (size_t i = 0; i < n; i++) dst[i] = src[i];
  }
}

static void copy_rows(char *dst, const char *src, size_t count, ptrdiff_t dst_stride,
                      ptrdiff_t src_stride, size_t row) {
  // With the size known, a row is a few moves.
#define COPY_ROWS(SIZE)                                                                 \
  for (size_t i = 0; i < count; i++) {                                                  \
    copy_row(dst + (ptrdiff_t)i * dst_stride, src + (ptrdiff_t)i * src_stride, SIZE);   \
  }                                                                                     \
  break
  switch (row) {
    case 8: COPY_ROWS(8);
    case 12: COPY_ROWS(12);
    case 16: COPY_ROWS(16);
    case 32: COPY_ROWS(32);
    case 64: COPY_ROWS(64);
    case 128: COPY_ROWS(128);
    default: COPY_ROWS(row);
  }
#undef COPY_ROWS
}

#define FILL(TYPE)                                              \
  do {                                                          \
    const TYPE value = *(const TYPE *)src;                      \
    TYPE *out = (TYPE *)dst;                                    \
    for (size_t i = 0; i < count; i++) out[i] = value;          \
  } while (0)

static void fill(char *dst, const char *src, size_t count, size_t size) {
  switch (size) {
    case 1: memset(dst, *(const unsigned char *)src, count); break;
    case 2: FILL(u16); break;
    case 4: FILL(u32); break;
    case 8: FILL(u64); break;
    default: FILL(u8x16); break;
  }
}

#define STRIDED(TYPE)                                                                    \
  do {                                                                                   \
    if (dst_stride == (ptrdiff_t)sizeof(TYPE) && src_stride == -(ptrdiff_t)sizeof(TYPE)) { \
      TYPE *out = (TYPE *)dst;                                                           \
      const TYPE *in = (const TYPE *)src;                                                \
      for (ptrdiff_t i = 0; i < (ptrdiff_t)count; i++) out[i] = in[-i];                  \
    } else {                                                                             \
      for (size_t i = 0; i < count; i++) {                                               \
        *(TYPE *)(dst + (ptrdiff_t)i * dst_stride) =                                     \
            *(const TYPE *)(src + (ptrdiff_t)i * src_stride);                            \
      }                                                                                  \
    }                                                                                    \
  } while (0)

static void strided(char *dst, const char *src, size_t count, ptrdiff_t dst_stride,
                    ptrdiff_t src_stride, size_t size) {
  switch (size) {
    case 1: STRIDED(uint8_t); break;
    case 2: STRIDED(u16); break;
    case 4: STRIDED(u32); break;
    case 8: STRIDED(u64); break;
    default: STRIDED(u8x16); break;
  }
}

/// A copy as the threads share it: `chunks` pieces of dimension `split`, for each index of the
/// `outer` dimensions before it.
struct job {
  const struct bnk_copy *copy;
  const char *src;
  char *dst;
  uint32_t outer;
  size_t chunks, chunk;
};

/// Runs entries [from, to) of the innermost dimensions at the given place.
static void run_piece(const struct bnk_copy *c, const char *src, char *dst, size_t from, size_t to) {
  const uint32_t last = c->rank - 1;
  switch (c->kind) {
    case BNK_COPY_ROWS:
      if (c->rank == 0) {
        memcpy(dst + from, src + from, to - from);
      } else {
        copy_rows(dst + (ptrdiff_t)from * c->dst[last], src + (ptrdiff_t)from * c->src[last],
                  to - from, c->dst[last], c->src[last], c->size);
      }
      break;
    case BNK_COPY_FILL: fill(dst + from * c->size, src, to - from, c->size); break;
    case BNK_COPY_STRIDED:
      strided(dst + (ptrdiff_t)from * c->dst[last], src + (ptrdiff_t)from * c->src[last], to - from,
              c->dst[last], c->src[last], c->size);
      break;
    case BNK_COPY_TRANSPOSE:
      bnk_transpose_plane(dst + (ptrdiff_t)from * c->dst[last - 1], src + from * c->size, to - from,
                          c->dims[last], c->dst[last - 1], c->src[last], c->size);
      break;
    case BNK_COPY_EMPTY: break;
  }
}

static void run_range(void *context, size_t begin, size_t end) {
  const struct job *job = context;
  const struct bnk_copy *c = job->copy;
  size_t index[BNK_COPY_RANK];
  const char *src = job->src;
  char *dst = job->dst;
  size_t rest = begin / job->chunks, chunk = begin % job->chunks;
  for (uint32_t i = job->outer; i-- > 0;) {
    index[i] = rest % c->dims[i];
    rest /= c->dims[i];
    src += (ptrdiff_t)index[i] * c->src[i];
    dst += (ptrdiff_t)index[i] * c->dst[i];
  }
  size_t length;
  if (c->kind == BNK_COPY_TRANSPOSE) {
    length = c->dims[job->outer];
  } else {
    length = c->rank == 0 ? c->size : c->dims[c->rank - 1];
  }
  for (size_t unit = begin; unit < end; unit++) {
    const size_t from = chunk * job->chunk;
    run_piece(c, src, dst, from, from + job->chunk < length ? from + job->chunk : length);
    if (++chunk < job->chunks) continue;
    chunk = 0;
    for (uint32_t i = job->outer; i-- > 0;) {
      src += c->src[i];
      dst += c->dst[i];
      if (++index[i] < c->dims[i]) break;
      src -= (ptrdiff_t)c->dims[i] * c->src[i];
      dst -= (ptrdiff_t)c->dims[i] * c->dst[i];
      index[i] = 0;
    }
  }
}

void bnk_copy_run(const struct bnk_copy *c, const void *src, void *dst) {
  if (c->kind == BNK_COPY_EMPTY) return;
  struct job job = {.copy = c, .src = src, .dst = dst, .chunks = 1};
  size_t length, line;
  if (c->rank == 0) {
    job.outer = 0;
    length = c->size;
    line = 1;
  } else {
    job.outer = c->kind == BNK_COPY_TRANSPOSE ? c->rank - 2 : c->rank - 1;
    length = c->dims[job.outer];
    line = c->kind == BNK_COPY_TRANSPOSE ? c->dims[c->rank - 1] * c->size : c->size;
  }
  size_t units = 1;
  for (uint32_t i = 0; i < job.outer; i++) units *= c->dims[i];
  job.chunk = length;
  if (c->bytes <= parallel_bytes) {
    run_range(&job, 0, units);
    return;
  }
  // Long innermost dimensions are cut so that there is work for every thread.
  const size_t wanted = c->kind == BNK_COPY_TRANSPOSE ? BNK_TRANSPOSE_TILE : 64 * 1024 / line + 1;
  if (units < 64 && length > wanted) {
    job.chunk = wanted;
    if (c->rank == 0) job.chunk = (wanted + 63) & ~(size_t)63;
    job.chunks = (length + job.chunk - 1) / job.chunk;
  }
  const size_t total = units * job.chunks;
  size_t grain = total * (parallel_bytes / 4) / c->bytes;
  bnk_parallel_for(total, grain > 0 ? grain : 1, run_range, &job);
}

void bnk_copy_bytes(void *dst, const void *src, size_t bytes) {
  const struct bnk_copy copy = {
      .kind = bytes > 0 ? BNK_COPY_ROWS : BNK_COPY_EMPTY, .rank = 0, .size = bytes, .bytes = bytes};
  bnk_copy_run(&copy, src, dst);
}
