// Binary functions of floating numbers that go through the C library or the special functions.
#define BNK_TIER 0
#include "../math/tier.h"

#include "../math/scalar.h"
#include "../special/special.h"
#include "binary_tables.h"

#define ID(x) (x)

static double floor_mod(double u, double v) {
  const double r = fmod(u, v);
  return r != 0 && (v < 0) != (r < 0) ? r + v : r;
}
static float floor_mod_f32(float u, float v) {
  const float r = fmodf(u, v);
  return r != 0 && (v < 0) != (r < 0) ? r + v : r;
}
static double xlogy(double u, double v) { return u == 0 ? 0 : u * log(v); }
static double xlog1py(double u, double v) { return u == 0 ? 0 : u * log1p(v); }
static double softplus_grad(double u, double v) { return u / (1.0 + exp(-v)); }

#define DOUBLE_LIST(X)                                                                   \
  X(POW, pow) X(ATAN2, atan2) X(XLOGY, xlogy) X(XLOG1PY, xlog1py)                        \
  X(SOFTPLUS_GRAD, softplus_grad) X(FLOOR_MOD, floor_mod) X(TRUNCATE_MOD, fmod)          \
  X(NEXT_AFTER, nextafter)

#define SPECIAL_LIST(X)                                                                  \
  X(IGAMMA, bnk_igamma) X(IGAMMAC, bnk_igammac) X(IGAMMA_GRAD_A, bnk_igamma_grad_a)      \
  X(RANDOM_GAMMA_GRAD, bnk_random_gamma_grad) X(ZETA, bnk_zeta)                          \
  X(POLYGAMMA, bnk_polygamma)

#define DEFINE_DOUBLE(OP, fn) \
  BINARY_LOOPS(f64_##fn, double, double, double, ID, , y[i] = fn(u, v))
#define DEFINE_VIA_DOUBLE(OP, fn) \
  BINARY_LOOPS(f32_##fn, float, double, float, (double), , y[i] = (float)fn(u, v))
DOUBLE_LIST(DEFINE_DOUBLE)
SPECIAL_LIST(DEFINE_DOUBLE)
SPECIAL_LIST(DEFINE_VIA_DOUBLE)

BINARY_LOOPS(f32_floor_mod, float, float, float, ID, , y[i] = floor_mod_f32(u, v))
BINARY_LOOPS(f32_fmod, float, float, float, ID, , y[i] = fmodf(u, v))
BINARY_LOOPS(f32_nextafter, float, float, float, ID, , y[i] = nextafterf(u, v))
BINARY_LOOPS(half_floor_mod, half_bits, float, half_bits, f32_from_half, ,
             y[i] = half_from_f32(floor_mod_f32(u, v)))
BINARY_LOOPS(bf16_floor_mod, bf16_bits, float, bf16_bits, f32_from_bf16, ,
             y[i] = bf16_from_f32(floor_mod_f32(u, v)))
BINARY_LOOPS(half_fmod, half_bits, float, half_bits, f32_from_half, ,
             y[i] = half_from_f32(fmodf(u, v)))
BINARY_LOOPS(bf16_fmod, bf16_bits, float, bf16_bits, f32_from_bf16, ,
             y[i] = bf16_from_f32(fmodf(u, v)))

#define DOUBLE_ENTRY(OP, fn) [BNK_BINARY_##OP][BNK_DOUBLE] = f64_##fn,
#define SPECIAL_ROW(OP, fn) [BNK_BINARY_##OP] = {[BNK_FLOAT] = f32_##fn, [BNK_DOUBLE] = f64_##fn},

bnk_binary_table bnk_binary_table__scalar = {
    SPECIAL_LIST(SPECIAL_ROW) DOUBLE_LIST(DOUBLE_ENTRY)
    [BNK_BINARY_FLOOR_MOD][BNK_FLOAT] = f32_floor_mod,
    [BNK_BINARY_FLOOR_MOD][BNK_HALF] = half_floor_mod,
    [BNK_BINARY_FLOOR_MOD][BNK_BFLOAT16] = bf16_floor_mod,
    [BNK_BINARY_TRUNCATE_MOD][BNK_FLOAT] = f32_fmod,
    [BNK_BINARY_TRUNCATE_MOD][BNK_HALF] = half_fmod,
    [BNK_BINARY_TRUNCATE_MOD][BNK_BFLOAT16] = bf16_fmod,
    [BNK_BINARY_NEXT_AFTER][BNK_FLOAT] = f32_nextafter,
};
