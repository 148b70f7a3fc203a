#include "transpose.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// A block of 16-byte vectors is transposed by rounds of a perfect shuffle: log2(n) times, vector i
// is interleaved with vector i + n/2.

#define BLOCK(NAME, ELEMENT, N, LOW, HIGH)                                                       \
  typedef ELEMENT NAME##_unit __attribute__((aligned(1), may_alias));                            \
  typedef ELEMENT NAME##_vector __attribute__((vector_size(16)));                                \
  typedef ELEMENT NAME##_loose __attribute__((vector_size(16), aligned(1), may_alias));          \
  static inline void NAME##_block(char *restrict dst, const char *restrict src, ptrdiff_t ds,    \
                                  ptrdiff_t ss) {                                                \
    NAME##_vector a[N], b[N];                                                                    \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < N; i++) {                             \
      a[i] = *(const NAME##_loose *)(src + i * ss);                                              \
    }                                                                                            \
    _Pragma("clang loop unroll(full)") for (int round = 1; round < N; round *= 2) {              \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < N / 2; i++) {                       \
        b[2 * i] = __builtin_shufflevector(a[i], a[i + N / 2], LOW);                             \
        b[2 * i + 1] = __builtin_shufflevector(a[i], a[i + N / 2], HIGH);                        \
      }                                                                                          \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < N; i++) a[i] = b[i];                \
    }                                                                                            \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < N; i++) {                             \
      *(NAME##_loose *)(dst + i * ds) = a[i];                                                    \
    }                                                                                            \
  }                                                                                              \
  static void NAME##_corner(char *restrict dst, const char *restrict src, size_t rows,           \
                            size_t columns, ptrdiff_t ds, ptrdiff_t ss) {                        \
    for (size_t j = 0; j < rows; j++) {                                                          \
      NAME##_unit *out = (NAME##_unit *)(dst + (ptrdiff_t)j * ds);                               \
      for (size_t i = 0; i < columns; i++) {                                                     \
        out[i] = *(const NAME##_unit *)(src + (ptrdiff_t)i * ss + j * sizeof(ELEMENT));          \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  static void NAME##_tile(char *restrict dst, const char *restrict src, size_t rows,             \
                          size_t columns, ptrdiff_t ds, ptrdiff_t ss) {                          \
    const size_t whole_rows = rows / N * N, whole_columns = columns / N * N;                     \
    for (size_t i = 0; i < whole_columns; i += N) {                                              \
      for (size_t j = 0; j < whole_rows; j += N) {                                               \
        NAME##_block(dst + (ptrdiff_t)j * ds + i * sizeof(ELEMENT),                              \
                     src + (ptrdiff_t)i * ss + j * sizeof(ELEMENT), ds, ss);                     \
      }                                                                                          \
    }                                                                                            \
    if (whole_columns < columns) {                                                               \
      NAME##_corner(dst + whole_columns * sizeof(ELEMENT), src + (ptrdiff_t)whole_columns * ss,  \
                    whole_rows, columns - whole_columns, ds, ss);                                \
    }                                                                                            \
    NAME##_corner(dst + (ptrdiff_t)whole_rows * ds, src + whole_rows * sizeof(ELEMENT),          \
                  rows - whole_rows, columns, ds, ss);                                           \
  }                                                                                              \
  /* By way of a buffer that is dense: rows whose lines fall into the same cache sets are then */\
  /* read and written in one go. */                                                              \
  static void NAME##_buffered(char *restrict dst, const char *restrict src, size_t rows,         \
                              size_t columns, ptrdiff_t ds, ptrdiff_t ss) {                      \
    enum { line = BNK_TRANSPOSE_TILE * sizeof(ELEMENT) };                                        \
    char buffer[BNK_TRANSPOSE_TILE * line] __attribute__((aligned(64)));                         \
    NAME##_tile(buffer, src, rows, columns, line, ss);                                           \
    const size_t bytes = columns * sizeof(ELEMENT);                                              \
    for (size_t j = 0; j < rows; j++) memcpy(dst + (ptrdiff_t)j * ds, buffer + j * line, bytes); \
  }                                                                                              \
  static void NAME##_plane(char *dst, const char *src, size_t rows, size_t columns,              \
                           ptrdiff_t ds, ptrdiff_t ss) {                                         \
    const size_t tile = BNK_TRANSPOSE_TILE;                                                      \
    const bool collides = sizeof(ELEMENT) >= 4 && ds % 1024 == 0 && rows >= 16 && columns >= 16;                        \
    for (size_t j = 0; j < rows; j += tile) {                                                    \
      const size_t height = rows - j < tile ? rows - j : tile;                                   \
      for (size_t i = 0; i < columns; i += tile) {                                               \
        const size_t width = columns - i < tile ? columns - i : tile;                            \
        (collides ? NAME##_buffered : NAME##_tile)(                                              \
            dst + (ptrdiff_t)j * ds + i * sizeof(ELEMENT),                                       \
            src + (ptrdiff_t)i * ss + j * sizeof(ELEMENT), height, width, ds, ss);               \
      }                                                                                          \
    }                                                                                            \
  }

#define LOW16 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH16 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define LOW8 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH8 4, 12, 5, 13, 6, 14, 7, 15
#define LOW4 0, 4, 1, 5
#define HIGH4 2, 6, 3, 7
#define LOW2 0, 2
#define HIGH2 1, 3

BLOCK(b1, uint8_t, 16, LOW16, HIGH16)
BLOCK(b2, uint16_t, 8, LOW8, HIGH8)
BLOCK(b4, uint32_t, 4, LOW4, HIGH4)
BLOCK(b8, uint64_t, 2, LOW2, HIGH2)

typedef uint64_t b16_loose __attribute__((vector_size(16), aligned(1), may_alias));

static void b16_plane(char *dst, const char *src, size_t rows, size_t columns, ptrdiff_t ds,
                      ptrdiff_t ss) {
  for (size_t j = 0; j < rows; j++) {
    b16_loose *out = (b16_loose *)(dst + (ptrdiff_t)j * ds);
    for (size_t i = 0; i < columns; i++) {
      out[i] = *(const b16_loose *)(src + (ptrdiff_t)i * ss + j * 16);
    }
  }
}

void bnk_transpose_plane(char *dst, const char *src, size_t rows, size_t columns,
                         ptrdiff_t dst_stride, ptrdiff_t src_stride, size_t size) {
  switch (size) {
    case 1: b1_plane(dst, src, rows, columns, dst_stride, src_stride); break;
    case 2: b2_plane(dst, src, rows, columns, dst_stride, src_stride); break;
    case 4: b4_plane(dst, src, rows, columns, dst_stride, src_stride); break;
    case 8: b8_plane(dst, src, rows, columns, dst_stride, src_stride); break;
    default: b16_plane(dst, src, rows, columns, dst_stride, src_stride); break;
  }
}
