// A template (see math/tier.h): conversions between the real dtypes.
//
// Floating numbers become integers as x86 converts them: towards zero, and the lowest int32 or
// int64 for NaN and what is out of range. TensorFlow's vector code clamps that to narrower
// integers, its scalar code for the remaining elements wraps it; so do these loops. (For half and
// double it packs to uint8 through uint16, which makes 0 of what is beyond int16.)

#define ID(x) (x)

#define DEFINE_TO_INTEGER(F, s)                                                              \
  BNK_INLINE int32_t i32_of_##s(F x) {                                                       \
    return x >= (F)-2147483648.0 && x < (F)2147483648.0 ? (int32_t)x : INT32_MIN;            \
  }                                                                                          \
  BNK_INLINE int64_t i64_of_##s(F x) {                                                       \
    return x >= (F)-0x1p63 && x < (F)0x1p63 ? (int64_t)x : INT64_MIN;                        \
  }                                                                                          \
  BNK_INLINE uint64_t u64_of_##s(F x) {                                                      \
    const int64_t low = i64_of_##s(x), high = i64_of_##s(x - (F)0x1p63);                     \
    return (uint64_t)(low | (high & (low >> 63)));                                           \
  }                                                                                          \
  BNK_INLINE uint32_t u32_of_##s(F x) {                                                      \
    const int32_t low = i32_of_##s(x), high = i32_of_##s(x - (F)0x1p31);                     \
    return (uint32_t)(low | (high & (low >> 31)));                                           \
  }                                                                                          \
  BNK_INLINE uint32_t u32_wrapped_##s(F x) { return (uint32_t)i64_of_##s(x); }               \
  BNK_INLINE int32_t i8_of_##s(F x) {                                                        \
    const int32_t i = i32_of_##s(x);                                                         \
    return i < -128 ? -128 : i > 127 ? 127 : i;                                              \
  }                                                                                          \
  BNK_INLINE int32_t u8_of_##s(F x) {                                                        \
    const int32_t i = i32_of_##s(x);                                                         \
    return i < 0 ? 0 : i > 255 ? 255 : i;                                                    \
  }                                                                                          \
  BNK_INLINE int32_t u8_by_u16_of_##s(F x) {                                                 \
    const int32_t i = i32_of_##s(x);                                                         \
    return i < 0 || i > 32767 ? 0 : i > 255 ? 255 : i;                                       \
  }                                                                                          \
  BNK_INLINE int32_t i16_of_##s(F x) {                                                       \
    const int32_t i = i32_of_##s(x);                                                         \
    return i < -32768 ? -32768 : i > 32767 ? 32767 : i;                                      \
  }                                                                                          \
  BNK_INLINE int32_t u16_of_##s(F x) {                                                       \
    const int32_t i = i32_of_##s(x);                                                         \
    return i < 0 ? 0 : i > 65535 ? 65535 : i;                                                \
  }                                                                                          \
  BNK_INLINE uint8_t bool_of_##s(F x) { return x != 0; }
DEFINE_TO_INTEGER(float, f32)
DEFINE_TO_INTEGER(double, f64)

#define LOOP(name, TX, TY, load, convert)                                  \
  static void name(const void *xv, void *yv, size_t n) {                   \
    const TX *x = xv;                                                      \
    TY *y = yv;                                                            \
    BNK_SIMD_LOOP                                                          \
    for (size_t i = 0; i < n; i++) y[i] = (TY)convert(load(x[i]));         \
  }

/// `packet` elements at a time by `convert`, the rest by `wrap`.
#define PACKET_LOOP(name, TX, TY, load, convert, wrap, packet)             \
  static void name(const void *xv, void *yv, size_t n) {                   \
    const TX *x = xv;                                                      \
    TY *y = yv;                                                            \
    const size_t whole = n - n % packet;                                   \
    BNK_SIMD_LOOP                                                          \
    for (size_t i = 0; i < whole; i++) y[i] = (TY)convert(load(x[i]));     \
    for (size_t i = whole; i < n; i++) y[i] = (TY)wrap(load(x[i]));        \
  }

#define HALF_OF_F64(x) half_from_f32((float)(x))
#define BF16_OF_F64(x) bf16_from_f32((float)(x))
#define HALF_OF_INT(x) half_from_f32((float)(x))
#define BF16_OF_INT(x) bf16_from_f32((float)(x))
#define NOT_ZERO(x) ((x) != 0)

// From a floating type: `load` gives type `c` (f32 or f64).
#define FROM_FLOATING(s, TX, load, c, packet, to_u8)                       \
  LOOP(s##_i32, TX, int32_t, load, i32_of_##c)                             \
  LOOP(s##_i64, TX, int64_t, load, i64_of_##c)                             \
  LOOP(s##_u64, TX, uint64_t, load, u64_of_##c)                            \
  LOOP(s##_bool, TX, uint8_t, load, bool_of_##c)                           \
  PACKET_LOOP(s##_u32, TX, uint32_t, load, u32_of_##c, u32_wrapped_##c, 8) \
  PACKET_LOOP(s##_i8, TX, int8_t, load, i8_of_##c, i32_of_##c, packet)     \
  PACKET_LOOP(s##_u8, TX, uint8_t, load, to_u8, i32_of_##c, packet)        \
  PACKET_LOOP(s##_i16, TX, int16_t, load, i16_of_##c, i32_of_##c, packet)  \
  PACKET_LOOP(s##_u16, TX, uint16_t, load, u16_of_##c, i32_of_##c, packet)

FROM_FLOATING(f32, float, ID, f32, 32, u8_of_f32)
FROM_FLOATING(f64, double, ID, f64, 16, u8_by_u16_of_f64)
FROM_FLOATING(half, half_bits, f32_from_half, f32, 16, u8_by_u16_of_f32)
FROM_FLOATING(bf16, bf16_bits, f32_from_bf16, f32, 8, u8_of_f32)

LOOP(f32_f64, float, double, ID, ID)
LOOP(f32_half, float, half_bits, ID, half_from_f32)
LOOP(f32_bf16, float, bf16_bits, ID, bf16_from_f32)
LOOP(f64_f32, double, float, ID, ID)
LOOP(f64_half, double, half_bits, ID, HALF_OF_F64)
LOOP(f64_bf16, double, bf16_bits, ID, BF16_OF_F64)
LOOP(half_f32, half_bits, float, f32_from_half, ID)
LOOP(half_f64, half_bits, double, f32_from_half, ID)
LOOP(half_bf16, half_bits, bf16_bits, f32_from_half, bf16_from_f32)
LOOP(bf16_f32, bf16_bits, float, f32_from_bf16, ID)
LOOP(bf16_f64, bf16_bits, double, f32_from_bf16, ID)
LOOP(bf16_half, bf16_bits, half_bits, f32_from_bf16, half_from_f32)

#define FROM_INTEGER(s, TX)                                                \
  LOOP(s##_f32, TX, float, ID, ID)                                         \
  LOOP(s##_f64, TX, double, ID, ID)                                        \
  LOOP(s##_half, TX, half_bits, ID, HALF_OF_INT)                           \
  LOOP(s##_bf16, TX, bf16_bits, ID, BF16_OF_INT)                           \
  LOOP(s##_bool, TX, uint8_t, ID, NOT_ZERO)                                \
  LOOP(s##_i8, TX, int8_t, ID, ID)                                         \
  LOOP(s##_u8, TX, uint8_t, ID, ID)                                        \
  LOOP(s##_i16, TX, int16_t, ID, ID)                                       \
  LOOP(s##_u16, TX, uint16_t, ID, ID)                                      \
  LOOP(s##_i32, TX, int32_t, ID, ID)                                       \
  LOOP(s##_u32, TX, uint32_t, ID, ID)                                      \
  LOOP(s##_i64, TX, int64_t, ID, ID)                                       \
  LOOP(s##_u64, TX, uint64_t, ID, ID)

FROM_INTEGER(i8, int8_t)
FROM_INTEGER(u8, uint8_t)
FROM_INTEGER(i16, int16_t)
FROM_INTEGER(u16, uint16_t)
FROM_INTEGER(i32, int32_t)
FROM_INTEGER(u32, uint32_t)
FROM_INTEGER(i64, int64_t)
FROM_INTEGER(u64, uint64_t)

#define INTEGER_ROW(s)                                                               \
  [BNK_INT8] = s##_i8, [BNK_UINT8] = s##_u8, [BNK_INT16] = s##_i16,                  \
  [BNK_UINT16] = s##_u16, [BNK_INT32] = s##_i32, [BNK_UINT32] = s##_u32,             \
  [BNK_INT64] = s##_i64, [BNK_UINT64] = s##_u64, [BNK_BOOL] = s##_bool
#define ROW(s)                                                                       \
  {INTEGER_ROW(s), [BNK_FLOAT] = s##_f32, [BNK_DOUBLE] = s##_f64,                    \
   [BNK_HALF] = s##_half, [BNK_BFLOAT16] = s##_bf16}

const bnk_cast_fn BNK_NAME(bnk_cast_table)[BNK_CAST_DTYPES][BNK_CAST_DTYPES] = {
    [BNK_FLOAT] = {INTEGER_ROW(f32), [BNK_DOUBLE] = f32_f64, [BNK_HALF] = f32_half,
                   [BNK_BFLOAT16] = f32_bf16},
    [BNK_DOUBLE] = {INTEGER_ROW(f64), [BNK_FLOAT] = f64_f32, [BNK_HALF] = f64_half,
                    [BNK_BFLOAT16] = f64_bf16},
    [BNK_HALF] = {INTEGER_ROW(half), [BNK_FLOAT] = half_f32, [BNK_DOUBLE] = half_f64,
                  [BNK_BFLOAT16] = half_bf16},
    [BNK_BFLOAT16] = {INTEGER_ROW(bf16), [BNK_FLOAT] = bf16_f32, [BNK_DOUBLE] = bf16_f64,
                      [BNK_HALF] = bf16_half},
    [BNK_INT8] = ROW(i8),
    [BNK_UINT8] = ROW(u8),
    [BNK_INT16] = ROW(i16),
    [BNK_UINT16] = ROW(u16),
    [BNK_INT32] = ROW(i32),
    [BNK_UINT32] = ROW(u32),
    [BNK_INT64] = ROW(i64),
    [BNK_UINT64] = ROW(u64),
    [BNK_BOOL] = ROW(u8),
};
