// Integer divisions and powers: the ops that find errors. None may trap.
#define BNK_TIER 0
#include "../math/tier.h"

#include "binary_tables.h"

#define ID(x) (x)

static void report(int *error, int code) {
  if (error) __atomic_fetch_or(error, code, __ATOMIC_RELAXED);
}

#define ZERO report(error, BNK_ERROR_DIVISION_BY_ZERO)

// The lowest value over -1 wraps, as negation does.
#define SIGNED(s, T, U)                                                                  \
  BINARY_LOOPS(s##_div, T, T, T, ID, , {                                                 \
    if (v == 0) ZERO;                                                                    \
    y[i] = v == 0 ? 0 : v == -1 ? (T)((U)0 - (U)u) : (T)(u / v);                         \
  })                                                                                     \
  BINARY_LOOPS(s##_mod, T, T, T, ID, , {                                                 \
    if (v == 0) ZERO;                                                                    \
    y[i] = v == 0 || v == -1 ? 0 : (T)(u % v);                                           \
  })                                                                                     \
  BINARY_LOOPS(s##_floor_div, T, T, T, ID, , {                                           \
    if (v == 0) ZERO;                                                                    \
    const T q = v == 0 ? 0 : v == -1 ? (T)((U)0 - (U)u) : (T)(u / v);                    \
    const T r = v == 0 || v == -1 ? 0 : (T)(u % v);                                      \
    y[i] = (T)(q - (r != 0 && (r < 0) != (v < 0)));                                      \
  })                                                                                     \
  BINARY_LOOPS(s##_floor_mod, T, T, T, ID, , {                                           \
    if (v == 0) ZERO;                                                                    \
    const T r = v == 0 || v == -1 ? 0 : (T)(u % v);                                      \
    y[i] = (T)(r != 0 && (r < 0) != (v < 0) ? r + v : r);                                \
  })                                                                                     \
  BINARY_LOOPS(s##_pow, T, T, T, ID, , {                                                 \
    U power = 1;                                                                         \
    U base = (U)u;                                                                       \
    if (v < 0) report(error, BNK_ERROR_NEGATIVE_POWER);                                  \
    for (T k = v < 0 ? 0 : v; k > 0; k >>= 1) {                                          \
      if (k & 1) power = (U)((uint64_t)power * base);                                    \
      base = (U)((uint64_t)base * base);                                                 \
    }                                                                                    \
    y[i] = (T)power;                                                                     \
  })

#define UNSIGNED(s, T)                                                                   \
  BINARY_LOOPS(s##_div, T, T, T, ID, , {                                                 \
    if (v == 0) ZERO;                                                                    \
    y[i] = v == 0 ? 0 : (T)(u / v);                                                      \
  })                                                                                     \
  BINARY_LOOPS(s##_mod, T, T, T, ID, , {                                                 \
    if (v == 0) ZERO;                                                                    \
    y[i] = v == 0 ? 0 : (T)(u % v);                                                      \
  })

SIGNED(i8, int8_t, uint8_t)
SIGNED(i16, int16_t, uint16_t)
SIGNED(i32, int32_t, uint32_t)
SIGNED(i64, int64_t, uint64_t)
UNSIGNED(u8, uint8_t)
UNSIGNED(u16, uint16_t)
UNSIGNED(u32, uint32_t)
UNSIGNED(u64, uint64_t)

#define ROW(signed_name, unsigned_name)                                                  \
  {[BNK_INT8] = i8_##signed_name,      [BNK_INT16] = i16_##signed_name,                  \
   [BNK_INT32] = i32_##signed_name,    [BNK_INT64] = i64_##signed_name,                  \
   [BNK_UINT8] = u8_##unsigned_name,   [BNK_UINT16] = u16_##unsigned_name,               \
   [BNK_UINT32] = u32_##unsigned_name, [BNK_UINT64] = u64_##unsigned_name}

bnk_binary_table bnk_binary_table__division = {
    [BNK_BINARY_DIV] = ROW(div, div),
    [BNK_BINARY_TRUNCATE_DIV] = ROW(div, div),
    [BNK_BINARY_TRUNCATE_MOD] = ROW(mod, mod),
    [BNK_BINARY_FLOOR_DIV] = ROW(floor_div, div),
    [BNK_BINARY_FLOOR_MOD] = ROW(floor_mod, mod),
    [BNK_BINARY_POW] = {[BNK_INT8] = i8_pow, [BNK_INT16] = i16_pow, [BNK_INT32] = i32_pow,
                        [BNK_INT64] = i64_pow},
};
