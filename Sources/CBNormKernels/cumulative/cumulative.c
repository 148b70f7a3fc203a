#include "bnk/cumulative.h"

#include <complex.h>

#define BNK_TIER 0
#include "../math/tier.h"

#include "../math/scalar.h"
#include "bnk/threads.h"

#define ID(x) (x)

typedef float _Complex c64;
typedef double _Complex c128;

struct job {
  const void *x;
  void *y;
  size_t n, inner;
  int exclusive, reverse;
};

static float join_f32(float a, float b) {
  const float high = a > b || a != a ? a : b, low = a > b || a != a ? b : a;
  return high == -INFINITY ? high : high + log1pf(expf(low - high));
}
static double join_f64(double a, double b) {
  const double high = a > b || a != a ? a : b, low = a > b || a != a ? b : a;
  return high == -INFINITY ? high : high + log1p(exp(low - high));
}

// Every partial result has the precision of the type, as in TensorFlow.
#define RUN(name, T, C, load, store, FIRST, STEP)                                            \
  static void name(void *context, size_t begin, size_t end) {                                \
    const struct job *job = context;                                                         \
    const size_t n = job->n, inner = job->inner;                                             \
    for (size_t o = begin; o < end; o++) {                                                   \
      const T *x = (const T *)job->x + o * n * inner;                                        \
      T *y = (T *)job->y + o * n * inner;                                                    \
      for (size_t i = 0; i < n; i++) {                                                       \
        const size_t at = (job->reverse ? n - 1 - i : i) * inner;                            \
        const size_t before = job->reverse ? at + inner : at - inner;                        \
        const size_t from = job->exclusive ? before : at;                                    \
        for (size_t k = 0; k < inner; k++) {                                                 \
          const C s = i == 0 ? (C)(FIRST) : load(y[before + k]);                             \
          if (i == 0 && job->exclusive) {                                                    \
            y[at + k] = (T)store(s);                                                         \
          } else {                                                                           \
            const C v = load(x[from + k]);                                                   \
            y[at + k] = (T)store((STEP));                                                    \
          }                                                                                  \
        }                                                                                    \
      }                                                                                      \
    }                                                                                        \
  }

#define NUMBERS(P, T, C, load, store)                 \
  RUN(P##_sum, T, C, load, store, 0, s + v)           \
  RUN(P##_prod, T, C, load, store, 1, s *v)

NUMBERS(f32, float, float, ID, ID)
NUMBERS(f64, double, double, ID, ID)
NUMBERS(half, half_bits, float, f32_from_half, half_from_f32)
NUMBERS(bf16, bf16_bits, float, f32_from_bf16, bf16_from_f32)
NUMBERS(u8, uint8_t, uint64_t, ID, ID)
NUMBERS(u16, uint16_t, uint64_t, ID, ID)
NUMBERS(u32, uint32_t, uint64_t, ID, ID)
NUMBERS(u64, uint64_t, uint64_t, ID, ID)
NUMBERS(c64, c64, c64, ID, ID)
NUMBERS(c128, c128, c128, ID, ID)
RUN(f32_lse, float, float, ID, ID, -INFINITY, join_f32(s, v))
RUN(f64_lse, double, double, ID, ID, -INFINITY, join_f64(s, v))
RUN(half_lse, half_bits, float, f32_from_half, half_from_f32, -INFINITY, join_f32(s, v))
RUN(bf16_lse, bf16_bits, float, f32_from_bf16, bf16_from_f32, -INFINITY, join_f32(s, v))

static bnk_range_fn run_of(enum bnk_cumulative_op op, enum bnk_dtype dtype) {
  const int prod = op == BNK_CUMULATIVE_PROD, lse = op == BNK_CUMULATIVE_LOGSUMEXP;
  switch (dtype) {
    case BNK_FLOAT: return lse ? f32_lse : prod ? f32_prod : f32_sum;
    case BNK_DOUBLE: return lse ? f64_lse : prod ? f64_prod : f64_sum;
    case BNK_HALF: return lse ? half_lse : prod ? half_prod : half_sum;
    case BNK_BFLOAT16: return lse ? bf16_lse : prod ? bf16_prod : bf16_sum;
    default: break;
  }
  if (lse) return NULL;
  switch (dtype) {
    // Sums and products of signed integers have the bits of the unsigned ones.
    case BNK_INT8:
    case BNK_UINT8:
    case BNK_QINT8:
    case BNK_QUINT8: return prod ? u8_prod : u8_sum;
    case BNK_INT16:
    case BNK_UINT16: return prod ? u16_prod : u16_sum;
    case BNK_INT32:
    case BNK_UINT32:
    case BNK_QINT32: return prod ? u32_prod : u32_sum;
    case BNK_INT64:
    case BNK_UINT64: return prod ? u64_prod : u64_sum;
    case BNK_COMPLEX64: return prod ? c64_prod : c64_sum;
    case BNK_COMPLEX128: return prod ? c128_prod : c128_sum;
    default: return NULL;
  }
}

int bnk_cumulative(enum bnk_cumulative_op op, enum bnk_dtype dtype, int exclusive, int reverse,
                   const void *x, void *y, size_t outer, size_t n, size_t inner) {
  const bnk_range_fn run = run_of(op, dtype);
  if (!run) return 0;
  if (outer * n * inner == 0) return 1;
  struct job job = {x, y, n, inner, exclusive, reverse};
  bnk_parallel_for(outer, 16384 / (n * inner) + 1, run, &job);
  return 1;
}
