// The real dtypes of image ops and how one element becomes a float and back.
#define BNK_TIER 0
#include "../math/tier.h"
#include "../math/scalar.h"

/// The conversion of x86-64: a float that does not fit (or is NaN) becomes the smallest integer.
BNK_INLINE int32_t i32_from_f32(float x) {
  return x >= -0x1p31f && x < 0x1p31f ? (int32_t)x : INT32_MIN;
}
BNK_INLINE int64_t i64_from_f32(float x) {
  return x >= -0x1p63f && x < 0x1p63f ? (int64_t)x : INT64_MIN;
}
BNK_INLINE uint64_t u64_from_f32(float x) {
  return x >= 0x1p63f ? (uint64_t)i64_from_f32(x - 0x1p63f) ^ 0x8000000000000000u
                      : (uint64_t)i64_from_f32(x);
}

#define BNK_TO_PLAIN(x) ((float)(x))
#define BNK_FROM_PLAIN(x) (x)

/// X(dtype, suffix, storage type, element to float, float to element)
#define BNK_REAL_TYPES(X)                                                \
  X(BNK_FLOAT, f32, float, BNK_TO_PLAIN, BNK_FROM_PLAIN)                 \
  X(BNK_DOUBLE, f64, double, BNK_TO_PLAIN, BNK_FROM_PLAIN)               \
  X(BNK_INT32, i32, int32_t, BNK_TO_PLAIN, i32_from_f32)                 \
  X(BNK_UINT8, u8, uint8_t, BNK_TO_PLAIN, (uint8_t)i32_from_f32)         \
  X(BNK_INT16, i16, int16_t, BNK_TO_PLAIN, (int16_t)i32_from_f32)        \
  X(BNK_INT8, i8, int8_t, BNK_TO_PLAIN, (int8_t)i32_from_f32)            \
  X(BNK_INT64, i64, int64_t, BNK_TO_PLAIN, i64_from_f32)                 \
  X(BNK_BFLOAT16, bf16, uint16_t, f32_from_bf16, bf16_from_f32)          \
  X(BNK_UINT16, u16, uint16_t, BNK_TO_PLAIN, (uint16_t)i32_from_f32)     \
  X(BNK_HALF, f16, uint16_t, f32_from_half, half_from_f32)               \
  X(BNK_UINT32, u32, uint32_t, BNK_TO_PLAIN, (uint32_t)i64_from_f32)     \
  X(BNK_UINT64, u64, uint64_t, BNK_TO_PLAIN, u64_from_f32)
