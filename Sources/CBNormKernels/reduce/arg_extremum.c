#define BNK_TIER 0
#include "../math/tier.h"

#include "../math/scalar.h"
#include "bnk/reduce.h"
#include "bnk/threads.h"

#define ID(x) (x)

struct job {
  int largest;
  const void *x;
  int64_t *y;
  size_t n, inner;
};

// Columns that are searched together.
#define COLUMNS 128

// A search begins at the lowest (highest) finite value with index 0, so that NaN never wins.
#define SEARCH(name, T, C, load, LOW, HIGH)                                                  \
  static void name(void *context, size_t begin, size_t end) {                                \
    const struct job *job = context;                                                         \
    const T *all = job->x;                                                                   \
    const size_t n = job->n, inner = job->inner;                                             \
    const size_t blocks = (inner + COLUMNS - 1) / COLUMNS;                                   \
    for (size_t t = begin; t < end; t++) {                                                   \
      const size_t start = t % blocks * COLUMNS;                                             \
      const size_t columns = inner - start < COLUMNS ? inner - start : COLUMNS;              \
      const T *x = all + t / blocks * n * inner + start;                                     \
      int64_t *y = job->y + t / blocks * inner + start;                                      \
      C best[COLUMNS];                                                                       \
      for (size_t k = 0; k < columns; k++) {                                                 \
        best[k] = job->largest ? LOW : HIGH;                                                 \
        y[k] = 0;                                                                            \
      }                                                                                      \
      if (inner == 1 && job->largest) {                                                      \
        C b = best[0];                                                                       \
        for (size_t i = 0; i < n; i++)                                                       \
          if (load(x[i]) > b) b = load(x[i]), y[0] = (int64_t)i;                             \
      } else if (inner == 1) {                                                               \
        C b = best[0];                                                                       \
        for (size_t i = 0; i < n; i++)                                                       \
          if (load(x[i]) < b) b = load(x[i]), y[0] = (int64_t)i;                             \
      } else {                                                                               \
        for (size_t i = 0; i < n; i++, x += inner) {                                         \
          for (size_t k = 0; k < columns; k++) {                                             \
            const C v = load(x[k]);                                                          \
            const int wins = job->largest ? v > best[k] : v < best[k];                       \
            best[k] = wins ? v : best[k];                                                    \
            y[k] = wins ? (int64_t)i : y[k];                                                 \
          }                                                                                  \
        }                                                                                    \
      }                                                                                      \
    }                                                                                        \
  }

#define FLT_TOP 3.402823466e+38f
#define DBL_TOP 1.7976931348623157e+308
#define HALF_TOP 65504.0f
#define BF16_TOP 3.3895313892515355e38f

SEARCH(f32, float, float, ID, -FLT_TOP, FLT_TOP)
SEARCH(f64, double, double, ID, -DBL_TOP, DBL_TOP)
SEARCH(half, half_bits, float, f32_from_half, -HALF_TOP, HALF_TOP)
SEARCH(bf16, bf16_bits, float, f32_from_bf16, -BF16_TOP, BF16_TOP)
SEARCH(i8, int8_t, int8_t, ID, INT8_MIN, INT8_MAX)
SEARCH(i16, int16_t, int16_t, ID, INT16_MIN, INT16_MAX)
SEARCH(i32, int32_t, int32_t, ID, INT32_MIN, INT32_MAX)
SEARCH(i64, int64_t, int64_t, ID, INT64_MIN, INT64_MAX)
SEARCH(u8, uint8_t, uint8_t, ID, 0, UINT8_MAX)
SEARCH(u16, uint16_t, uint16_t, ID, 0, UINT16_MAX)
SEARCH(u32, uint32_t, uint32_t, ID, 0, UINT32_MAX)
SEARCH(u64, uint64_t, uint64_t, ID, 0, UINT64_MAX)
SEARCH(boolean, uint8_t, uint8_t, ID, 0, 1)

static bnk_range_fn search_of(enum bnk_dtype dtype) {
  switch (dtype) {
    case BNK_FLOAT: return f32;
    case BNK_DOUBLE: return f64;
    case BNK_HALF: return half;
    case BNK_BFLOAT16: return bf16;
    case BNK_INT8:
    case BNK_QINT8: return i8;
    case BNK_INT16:
    case BNK_QINT16: return i16;
    case BNK_INT32:
    case BNK_QINT32: return i32;
    case BNK_INT64: return i64;
    case BNK_UINT8:
    case BNK_QUINT8: return u8;
    case BNK_UINT16:
    case BNK_QUINT16: return u16;
    case BNK_UINT32: return u32;
    case BNK_UINT64: return u64;
    case BNK_BOOL: return boolean;
    default: return NULL;
  }
}

void bnk_arg_extremum(enum bnk_dtype dtype, int largest, const void *x, int64_t *y, size_t outer,
                      size_t n, size_t inner) {
  const bnk_range_fn search = search_of(dtype);
  if (!search || n == 0) return;
  struct job job = {largest, x, y, n, inner};
  const size_t tasks = outer * ((inner + COLUMNS - 1) / COLUMNS);
  const size_t work = n * (inner < COLUMNS ? inner : COLUMNS);
  bnk_parallel_for(tasks, work && work < 32768 ? 32768 / work : 1, search, &job);
}
