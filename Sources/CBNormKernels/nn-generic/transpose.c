// Batches of matrices transposed in blocks that stay in the first-level cache.
#include "bnk/nn_generic.h"
#include "bnk/threads.h"

enum { block = 16 };

struct element16 {
  uint64_t low, high;
};

struct transposition {
  const void *source;
  void *target;
  size_t rows, columns, row_blocks;
};

#define TRANSPOSE(NAME, T)                                                                       \
  static void NAME(void *context, size_t begin, size_t end) {                                    \
    const struct transposition *t = context;                                                     \
    for (size_t task = begin; task < end; task++) {                                              \
      const size_t image = task / t->row_blocks, first = task % t->row_blocks * block;           \
      const size_t last = first + block < t->rows ? first + block : t->rows;                     \
      const T *source = (const T *)t->source + image * t->rows * t->columns;                     \
      T *target = (T *)t->target + image * t->rows * t->columns;                                 \
      for (size_t c0 = 0; c0 < t->columns; c0 += block) {                                        \
        const size_t c1 = c0 + block < t->columns ? c0 + block : t->columns;                     \
        for (size_t c = c0; c < c1; c++) {                                                       \
          for (size_t r = first; r < last; r++) target[c * t->rows + r] = source[r * t->columns + c]; \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
  }

TRANSPOSE(transpose1, uint8_t)
TRANSPOSE(transpose2, uint16_t)
TRANSPOSE(transpose4, uint32_t)
TRANSPOSE(transpose8, uint64_t)
TRANSPOSE(transpose16, struct element16)

void bnk_nn_transpose(const void *source, void *target, size_t batch, size_t rows, size_t columns,
                      size_t size) {
  struct transposition t = {source, target, rows, columns, (rows + block - 1) / block};
  if (columns == 0) return;
  const bnk_range_fn fn = size == 1   ? transpose1
                          : size == 2 ? transpose2
                          : size == 4 ? transpose4
                          : size == 8 ? transpose8
                                      : transpose16;
  bnk_parallel_for(batch * t.row_blocks, 1 + 32768 / (block * columns), fn, &t);
}
