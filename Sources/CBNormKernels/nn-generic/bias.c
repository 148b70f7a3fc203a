// Bias of channels for every number type, and its gradient.
#include <string.h>

#include "bnk/threads.h"
#include "dtypes.h"
#include "window.h"

struct biasing {
  const void *value, *bias;
  void *target;
  size_t rows, channels, inner;
};

/// Channels whose sums are kept at a time; floating sums are kept in double.
enum { block = 16 };

#define BIAS_ADD(SUFFIX, T, N, S, FROM, TO)                                                      \
  static void add_##SUFFIX(void *context, size_t begin, size_t end) {                            \
    const struct biasing *p = context;                                                           \
    const size_t c = p->channels, inner = p->inner;                                              \
    const T *bias = p->bias;                                                                     \
    for (size_t r = begin; r < end; r++) {                                                       \
      const T *value = (const T *)p->value + r * c * inner;                                      \
      T *target = (T *)p->target + r * c * inner;                                                \
      if (inner == 1) {                                                                          \
        for (size_t k = 0; k < c; k++) target[k] = (T)TO((N)(FROM(value[k]) + FROM(bias[k])));   \
        continue;                                                                                \
      }                                                                                          \
      for (size_t k = 0; k < c; k++) {                                                           \
        for (size_t j = 0; j < inner; j++, value++, target++) {                                  \
          *target = (T)TO((N)(FROM(*value) + FROM(bias[k])));                                    \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  static void sum_##SUFFIX(void *context, size_t begin, size_t end) {                            \
    const struct biasing *p = context;                                                           \
    const size_t c = p->channels, inner = p->inner;                                              \
    for (size_t first = begin; first < end; first += block) {                                    \
      const size_t n = end - first < block ? end - first : block;                                \
      S sums[block] = {0};                                                                       \
      for (size_t r = 0; r < p->rows; r++) {                                                     \
        const T *value = (const T *)p->value + (r * c + first) * inner;                          \
        if (inner == 1) {                                                                        \
          for (size_t k = 0; k < n; k++) sums[k] += FROM(value[k]);                              \
        } else {                                                                                 \
          for (size_t k = 0; k < n; k++) {                                                       \
            for (size_t j = 0; j < inner; j++) sums[k] += FROM(value[k * inner + j]);            \
          }                                                                                      \
        }                                                                                        \
      }                                                                                          \
      for (size_t k = 0; k < n; k++) ((T *)p->target)[first + k] = (T)TO((N)sums[k]);            \
    }                                                                                            \
  }

/// Wrapping addition for the signed types too.
#define WRAPPING_TYPES(ROW)                                                     \
  ROW(f32, float, float, double, BNK_NN_SAME, BNK_NN_SAME)                      \
  ROW(f64, double, double, double, BNK_NN_SAME, BNK_NN_SAME)                    \
  ROW(f16, uint16_t, float, double, bnk_nn_from_half, bnk_nn_to_half)           \
  ROW(bf16, uint16_t, float, double, bnk_nn_from_bfloat, bnk_nn_to_bfloat)      \
  ROW(u8, uint8_t, uint32_t, uint32_t, BNK_NN_SAME, BNK_NN_SAME)                \
  ROW(u16, uint16_t, uint32_t, uint32_t, BNK_NN_SAME, BNK_NN_SAME)              \
  ROW(u32, uint32_t, uint32_t, uint32_t, BNK_NN_SAME, BNK_NN_SAME)              \
  ROW(u64, uint64_t, uint64_t, uint64_t, BNK_NN_SAME, BNK_NN_SAME)

WRAPPING_TYPES(BIAS_ADD)

/// Pairs of parts are twice as many channels when the channels come last.
struct complex32 {
  float real, imaginary;
};
struct complex64 {
  double real, imaginary;
};

#define COMPLEX_BIAS(SUFFIX, T)                                                                  \
  static void add_##SUFFIX(void *context, size_t begin, size_t end) {                            \
    const struct biasing *p = context;                                                           \
    const size_t c = p->channels, inner = p->inner;                                              \
    for (size_t i = begin * c * inner; i < end * c * inner; i++) {                               \
      const T bias = ((const T *)p->bias)[i / inner % c], value = ((const T *)p->value)[i];      \
      ((T *)p->target)[i] = (T){value.real + bias.real, value.imaginary + bias.imaginary};       \
    }                                                                                            \
  }                                                                                              \
  static void sum_##SUFFIX(void *context, size_t begin, size_t end) {                            \
    const struct biasing *p = context;                                                           \
    const size_t c = p->channels, inner = p->inner;                                              \
    T *target = p->target;                                                                       \
    for (size_t k = begin; k < end; k++) target[k] = (T){0, 0};                                  \
    for (size_t r = 0; r < p->rows; r++) {                                                       \
      for (size_t k = begin; k < end; k++) {                                                     \
        const T *value = (const T *)p->value + (r * c + k) * inner;                              \
        for (size_t j = 0; j < inner; j++) {                                                     \
          target[k].real += value[j].real;                                                       \
          target[k].imaginary += value[j].imaginary;                                             \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
  }

COMPLEX_BIAS(c64, struct complex32)
COMPLEX_BIAS(c128, struct complex64)

#define CHOOSE(KIND, FN)                            \
  switch (dtype) {                                  \
    case BNK_FLOAT: FN = KIND##_f32; break;         \
    case BNK_DOUBLE: FN = KIND##_f64; break;        \
    case BNK_HALF: FN = KIND##_f16; break;          \
    case BNK_BFLOAT16: FN = KIND##_bf16; break;     \
    case BNK_INT8:                                  \
    case BNK_UINT8: FN = KIND##_u8; break;          \
    case BNK_INT16:                                 \
    case BNK_UINT16: FN = KIND##_u16; break;        \
    case BNK_INT32:                                 \
    case BNK_UINT32: FN = KIND##_u32; break;        \
    case BNK_INT64:                                 \
    case BNK_UINT64: FN = KIND##_u64; break;        \
    case BNK_COMPLEX64: FN = KIND##_c64; break;     \
    case BNK_COMPLEX128: FN = KIND##_c128; break;   \
    default: return;                                \
  }

void bnk_nn_bias_add(enum bnk_dtype dtype, const void *value, const void *bias, void *target,
                     size_t rows, size_t channels, size_t inner) {
  struct biasing p = {value, bias, target, rows, channels, inner};
  bnk_range_fn fn = NULL;
  CHOOSE(add, fn)
  bnk_parallel_for(rows, bnk_nn_grain(channels * inner), fn, &p);
}

void bnk_nn_bias_grad(enum bnk_dtype dtype, const void *value, void *target, size_t rows,
                      size_t channels, size_t inner) {
  struct biasing p = {value, NULL, target, rows, channels, inner};
  bnk_range_fn fn = NULL;
  CHOOSE(sum, fn)
  const size_t least = inner == 1 ? 16 : 1;
  const size_t grain = bnk_nn_grain(rows * inner);
  bnk_parallel_for(channels, grain > least ? grain : least, fn, &p);
}
