#define BNK_TIER 0
#include "../math/tier.h"

#include "../math/scalar.h"
#include "binary_tables.h"
#include "bnk/broadcast.h"
#include "bnk/cpu.h"

#define ID(x) (x)

bnk_binary_fn bnk_binary(enum bnk_binary_op op, enum bnk_dtype dtype) {
  if ((unsigned)op >= BNK_BINARY_COUNT || (unsigned)dtype >= BNK_TABLE_DTYPES) return NULL;
  bnk_binary_fn fn = NULL;
  switch (bnk_tier()) {
#if defined(__x86_64__)
    case BNK_TIER_AVX512:
      fn = bnk_binary_table__avx512[op][dtype];
      if (!fn) fn = bnk_binary_integer_table__avx512[op][dtype];
      break;
    case BNK_TIER_AVX2:
      fn = bnk_binary_table__avx2[op][dtype];
      if (!fn) fn = bnk_binary_integer_table__avx2[op][dtype];
      break;
#endif
    default:
      fn = bnk_binary_table__portable[op][dtype];
      if (!fn) fn = bnk_binary_integer_table__portable[op][dtype];
      break;
  }
  if (!fn) fn = bnk_binary_table__division[op][dtype];
  if (!fn) fn = bnk_binary_table__scalar[op][dtype];
  if (!fn) fn = bnk_binary_table__complex[op][dtype];
  return fn;
}

size_t bnk_binary_grain(enum bnk_binary_op op) {
  switch (op) {
    case BNK_BINARY_FLOOR_MOD:
    case BNK_BINARY_TRUNCATE_MOD:
    case BNK_BINARY_XLOGY:
    case BNK_BINARY_XLOG1PY:
    case BNK_BINARY_POW:
    case BNK_BINARY_ATAN2:
    case BNK_BINARY_SOFTPLUS_GRAD: return 4096;
    case BNK_BINARY_IGAMMA:
    case BNK_BINARY_IGAMMAC:
    case BNK_BINARY_IGAMMA_GRAD_A:
    case BNK_BINARY_RANDOM_GAMMA_GRAD:
    case BNK_BINARY_ZETA:
    case BNK_BINARY_POLYGAMMA: return 256;
    default: return 32768;
  }
}

void bnk_approximate_equal(enum bnk_dtype dtype, const void *av, const void *bv, uint8_t *y,
                           size_t n, float tolerance) {
  if (dtype == BNK_DOUBLE) {
    const double *a = av, *b = bv;
    for (size_t i = 0; i < n; i++) y[i] = fabs(a[i] - b[i]) < (double)tolerance;
  } else {
    const float *a = av, *b = bv;
    for (size_t i = 0; i < n; i++) y[i] = fabsf(a[i] - b[i]) < tolerance;
  }
}

#define LEAKY(name, T, C, load, store)                                                     \
  static void name(const void *gv, const void *xv, void *yv, size_t n, float slope) {      \
    const T *g = gv, *x = xv;                                                              \
    T *y = yv;                                                                             \
    const C alpha = (C)slope;                                                              \
    for (size_t i = 0; i < n; i++) {                                                       \
      const C u = load(g[i]), v = load(x[i]);                                              \
      y[i] = (T)store((v > 0 ? u : (C)(u * alpha)));                                       \
    }                                                                                      \
  }

LEAKY(leaky_f32, float, float, ID, ID)
LEAKY(leaky_f64, double, double, ID, ID)
LEAKY(leaky_half, half_bits, float, f32_from_half, half_from_f32)
LEAKY(leaky_bf16, bf16_bits, float, f32_from_bf16, bf16_from_f32)
LEAKY(leaky_i8, int8_t, int8_t, ID, ID)
LEAKY(leaky_i16, int16_t, int16_t, ID, ID)
LEAKY(leaky_i32, int32_t, int32_t, ID, ID)
LEAKY(leaky_i64, int64_t, int64_t, ID, ID)
LEAKY(leaky_u8, uint8_t, uint8_t, ID, ID)
LEAKY(leaky_u16, uint16_t, uint16_t, ID, ID)
LEAKY(leaky_u32, uint32_t, uint32_t, ID, ID)
LEAKY(leaky_u64, uint64_t, uint64_t, ID, ID)

bnk_leaky_relu_grad_fn bnk_leaky_relu_grad(enum bnk_dtype dtype) {
  static const bnk_leaky_relu_grad_fn table[BNK_TABLE_DTYPES] = {
      [BNK_FLOAT] = leaky_f32,     [BNK_DOUBLE] = leaky_f64,  [BNK_HALF] = leaky_half,
      [BNK_BFLOAT16] = leaky_bf16, [BNK_INT8] = leaky_i8,     [BNK_INT16] = leaky_i16,
      [BNK_INT32] = leaky_i32,     [BNK_INT64] = leaky_i64,   [BNK_UINT8] = leaky_u8,
      [BNK_UINT16] = leaky_u16,    [BNK_UINT32] = leaky_u32,  [BNK_UINT64] = leaky_u64,
  };
  return (unsigned)dtype < BNK_TABLE_DTYPES ? table[dtype] : NULL;
}
