#include <math.h>

#include "check.h"

static bool check_values(enum bnk_activation activation, size_t count, float from, float to) {
  float *x = guarded(count * sizeof(float)), *y = guarded(count * sizeof(float));
  for (size_t i = 0; i < count; i++) {
    x[i] = y[i] = from + (to - from) * (float)i / (float)(count > 1 ? count - 1 : 1);
  }
  const struct bnk_epilogue e = {.activation = activation, .alpha = 0.25f, .beta = 0.5f};
  bnk_activate_rows_f32(activation, e.alpha, e.beta, 1, count, y, 0);
  for (size_t i = 0; i < count; i++) {
    const double wanted = reference_epilogue(&e, x[i], 0, 0);
    // Relative to the result, but not below what cancels in x times something.
    if (!(fabs(y[i] - wanted) <= 2e-6 * fabs(wanted) + 1e-7 * (fabs(x[i]) < 1 ? fabs(x[i]) : 1))) {
      return agrees("activation", i, y[i], wanted, 0);
    }
  }
  return true;
}

void check_activation(void) {
  for (int a = BNK_ACT_NONE; a <= BNK_ACT_MISH; a++) {
    const enum bnk_activation activation = (enum bnk_activation)a;
    for (size_t count = 0; count < 70; count++) {
      record(check_values(activation, count, -3, 3), "activation %d of %zu", a, count);
    }
    record(check_values(activation, 100001, -20, 20), "activation %d", a);
    record(check_values(activation, 100001, -200, 200), "activation %d, wide", a);
    record(check_values(activation, 100001, -1e-3f, 1e-3f), "activation %d, narrow", a);
    float nan = NAN;
    bnk_activate_rows_f32(activation, 0.25f, 0.5f, 1, 1, &nan, 0);
    record(isnan(nan), "activation %d of NaN", a);
    float infinite = INFINITY;
    bnk_activate_rows_f32(activation, 0.25f, 0.5f, 1, 1, &infinite, 0);
    record(!isnan(infinite) || a == BNK_ACT_SOFTSIGN || a == BNK_ACT_GELU_TANH,
           "activation %d of infinity", a);
    release_all();
  }
}
