#ifndef BNK_NN_DTYPES_H
#define BNK_NN_DTYPES_H
// The number types that pooling and bias kernels are instantiated for:
// ROW(dtype, suffix, stored type, type to compute in, from stored, to stored, lowest value).
#include <float.h>
#include <math.h>
#include <stdint.h>

#include "half.h"

#define BNK_NN_SAME(X) (X)
#define BNK_NN_REAL_TYPES(ROW)                                                                   \
  ROW(BNK_FLOAT, f32, float, float, BNK_NN_SAME, BNK_NN_SAME, -FLT_MAX)                          \
  ROW(BNK_DOUBLE, f64, double, double, BNK_NN_SAME, BNK_NN_SAME, -DBL_MAX)                       \
  ROW(BNK_HALF, f16, uint16_t, float, bnk_nn_from_half, bnk_nn_to_half, -65504.0f)               \
  ROW(BNK_BFLOAT16, bf16, uint16_t, float, bnk_nn_from_bfloat, bnk_nn_to_bfloat,                 \
      -0x1.fep127f)                                                                              \
  ROW(BNK_INT8, i8, int8_t, int8_t, BNK_NN_SAME, BNK_NN_SAME, INT8_MIN)                          \
  ROW(BNK_INT16, i16, int16_t, int16_t, BNK_NN_SAME, BNK_NN_SAME, INT16_MIN)                     \
  ROW(BNK_INT32, i32, int32_t, int32_t, BNK_NN_SAME, BNK_NN_SAME, INT32_MIN)                     \
  ROW(BNK_INT64, i64, int64_t, int64_t, BNK_NN_SAME, BNK_NN_SAME, INT64_MIN)                     \
  ROW(BNK_UINT8, u8, uint8_t, uint8_t, BNK_NN_SAME, BNK_NN_SAME, 0)                              \
  ROW(BNK_UINT16, u16, uint16_t, uint16_t, BNK_NN_SAME, BNK_NN_SAME, 0)                          \
  ROW(BNK_UINT32, u32, uint32_t, uint32_t, BNK_NN_SAME, BNK_NN_SAME, 0)                          \
  ROW(BNK_UINT64, u64, uint64_t, uint64_t, BNK_NN_SAME, BNK_NN_SAME, 0)

#endif
