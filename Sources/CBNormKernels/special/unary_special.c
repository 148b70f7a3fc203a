// Loops over the special functions; narrower types go through double.
#define BNK_TIER 0
#include "../math/tier.h"

#include "../elementwise/unary_tables.h"
#include "special.h"

#include "../math/scalar.h"

#define ID(x) (x)

#define LOOP(name, T, load, store, fn)                                        \
  static void name(const void *xv, void *yv, size_t n) {                      \
    const T *x = xv;                                                          \
    T *y = yv;                                                                \
    for (size_t i = 0; i < n; i++) y[i] = store(fn((double)load(x[i])));      \
  }

#define TO_F32(x) ((float)(x))
#define TO_HALF(x) half_from_f32((float)(x))
#define TO_BF16(x) bf16_from_f32((float)(x))

#define LIST(X)                                                                            \
  X(ERFINV, bnk_erfinv) X(NDTRI, bnk_ndtri) X(LGAMMA, bnk_lgamma) X(DIGAMMA, bnk_digamma)  \
  X(BESSEL_I0, bnk_bessel_i0) X(BESSEL_I0E, bnk_bessel_i0e) X(BESSEL_I1, bnk_bessel_i1)    \
  X(BESSEL_I1E, bnk_bessel_i1e) X(BESSEL_J0, bnk_bessel_j0) X(BESSEL_J1, bnk_bessel_j1)    \
  X(BESSEL_K0, bnk_bessel_k0) X(BESSEL_K0E, bnk_bessel_k0e) X(BESSEL_K1, bnk_bessel_k1)    \
  X(BESSEL_K1E, bnk_bessel_k1e) X(BESSEL_Y0, bnk_bessel_y0) X(BESSEL_Y1, bnk_bessel_y1)    \
  X(DAWSN, bnk_dawsn) X(EXPINT, bnk_expint) X(FRESNEL_SIN, bnk_fresnel_sin)                \
  X(FRESNEL_COS, bnk_fresnel_cos) X(SPENCE, bnk_spence)

/// TensorFlow's kernel for narrow types gives NaN at zero.
static double narrow_y1(double x) { return x == 0 ? NAN : bnk_bessel_y1(x); }

#define DEFINE(OP, fn)                                                 \
  LOOP(f64_##fn, double, ID, ID, fn)                                   \
  LOOP(f32_##fn, float, ID, TO_F32, fn)                                \
  LOOP(half_##fn, half_bits, f32_from_half, TO_HALF, fn)               \
  LOOP(bf16_##fn, bf16_bits, f32_from_bf16, TO_BF16, fn)

#define ROW(OP, fn)                                                    \
  [BNK_UNARY_##OP] = {[BNK_FLOAT] = f32_##fn,                          \
                      [BNK_DOUBLE] = f64_##fn,                         \
                      [BNK_HALF] = half_##fn,                          \
                      [BNK_BFLOAT16] = bf16_##fn},

LIST(DEFINE)

LOOP(f32_y1, float, ID, TO_F32, narrow_y1)
LOOP(half_y1, half_bits, f32_from_half, TO_HALF, narrow_y1)
LOOP(bf16_y1, bf16_bits, f32_from_bf16, TO_BF16, narrow_y1)

#pragma clang diagnostic ignored "-Winitializer-overrides"
bnk_unary_table bnk_unary_table__special = {
    LIST(ROW)
    [BNK_UNARY_BESSEL_Y1] = {[BNK_FLOAT] = f32_y1,
                             [BNK_DOUBLE] = f64_bnk_bessel_y1,
                             [BNK_HALF] = half_y1,
                             [BNK_BFLOAT16] = bf16_y1},
};
