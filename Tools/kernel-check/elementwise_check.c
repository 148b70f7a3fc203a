#include <math.h>
#include <string.h>

#include "bnk/broadcast.h"
#include "bnk/cast.h"
#include "bnk/select.h"
#include "bnk/unary.h"
#include "check.h"

static double sigmoid(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }
static double softplus(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }
static double rsqrt(double x) { return 1 / sqrt(x); }
static double reciprocal(double x) { return 1 / x; }
static double square(double x) { return x * x; }
static double sign(double x) { return x != x ? x : (x > 0) - (x < 0); }
static double relu(double x) { return x <= 0 ? 0 : x; }
static double relu6(double x) { return x <= 0 ? 0 : x >= 6 ? 6 : x; }
static double elu(double x) { return x < 0 ? expm1(x) : x; }
static double selu(double x) {
  return x < 0 ? 1.7580993408473768599 * expm1(x) : 1.0507009873554804934 * x;
}
static double softsign(double x) { return x / (1 + fabs(x)); }
static double negative(double x) { return -x; }

static const struct {
  const char *name;
  enum bnk_unary_op op;
  double (*reference)(double);
  double ulps;
} functions[] = {
    {"abs", BNK_UNARY_ABS, fabs, 0.51},
    {"neg", BNK_UNARY_NEG, negative, 0.51},
    {"sign", BNK_UNARY_SIGN, sign, 0.51},
    {"square", BNK_UNARY_SQUARE, square, 0.51},
    {"sqrt", BNK_UNARY_SQRT, sqrt, 0.51},
    {"rsqrt", BNK_UNARY_RSQRT, rsqrt, 1.6},
    {"reciprocal", BNK_UNARY_RECIPROCAL, reciprocal, 0.51},
    {"exp", BNK_UNARY_EXP, exp, 1.1},
    {"expm1", BNK_UNARY_EXPM1, expm1, 1.6},
    {"log", BNK_UNARY_LOG, log, 1.1},
    {"log1p", BNK_UNARY_LOG1P, log1p, 1.1},
    {"sin", BNK_UNARY_SIN, sin, 1.6},
    {"cos", BNK_UNARY_COS, cos, 1.6},
    {"tan", BNK_UNARY_TAN, tan, 0.6},
    {"asin", BNK_UNARY_ASIN, asin, 0.6},
    {"acos", BNK_UNARY_ACOS, acos, 0.6},
    {"atan", BNK_UNARY_ATAN, atan, 0.6},
    {"sinh", BNK_UNARY_SINH, sinh, 0.6},
    {"cosh", BNK_UNARY_COSH, cosh, 0.6},
    {"tanh", BNK_UNARY_TANH, tanh, 1.3},
    {"asinh", BNK_UNARY_ASINH, asinh, 0.6},
    {"acosh", BNK_UNARY_ACOSH, acosh, 0.6},
    {"atanh", BNK_UNARY_ATANH, atanh, 0.6},
    {"floor", BNK_UNARY_FLOOR, floor, 0.51},
    {"ceil", BNK_UNARY_CEIL, ceil, 0.51},
    {"round", BNK_UNARY_ROUND, rint, 0.51},
    {"sigmoid", BNK_UNARY_SIGMOID, sigmoid, 8.0},
    {"softplus", BNK_UNARY_SOFTPLUS, softplus, 2.0},
    {"softsign", BNK_UNARY_SOFTSIGN, softsign, 1.6},
    {"elu", BNK_UNARY_ELU, elu, 1.6},
    {"selu", BNK_UNARY_SELU, selu, 2.2},
    {"relu", BNK_UNARY_RELU, relu, 0.51},
    {"relu6", BNK_UNARY_RELU6, relu6, 0.51},
    {"erf", BNK_UNARY_ERF, erf, 1.3},
    {"erfc", BNK_UNARY_ERFC, erfc, 0.6},
};

/// Distance in units of the last place of the wanted float; huge if only one is NaN or infinite.
static double ulps_between(float got, double wanted) {
  const float near = (float)wanted;
  if (got == near || (got != got && near != near)) return 0;
  if (!isfinite(got) || !isfinite(near)) return 1e9;
  const float size = fmaxf(fabsf(near), 0x1p-126f);
  return fabs((double)got - wanted) / (double)(nextafterf(size, INFINITY) - size);
}

static float any_float(void) {
  static const float special[] = {0.0f,   -0.0f, INFINITY, -INFINITY, NAN,     1.0f,   -1.0f,
                                  0.5f,   -0.5f, 88.7f,    -87.3f,    3.4e38f, 2e-38f, 8.3e7f,
                                  1e-20f, 2.5f,  -2.5f,    6.0f};
  const size_t kind = below(4);
  if (kind == 0) return special[below(sizeof special / sizeof *special)];
  if (kind == 1) {
    const uint32_t bits = (uint32_t)below((size_t)1 << 32);
    float x;
    memcpy(&x, &bits, sizeof x);
    // Flushing denormals is a mode of the thread, not of the kernels.
    return isnormal(x) ? x : 1.5f;
  }
  return ((float)below(1 << 24) / (float)(1 << 23) - 1) * (kind == 2 ? 1.0f : 20.0f);
}

static void check_unary(void) {
  for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
    const bnk_unary_fn fn = bnk_unary(functions[f].op, BNK_FLOAT);
    for (size_t n = 0; n < 70; n += n < 35 ? 1 : 7) {
      float *x = guarded(n * 4), *y = guarded(n * 4);
      bool fine = true;
      for (size_t i = 0; i < n; i++) x[i] = any_float();
      fn(x, y, n);
      for (size_t i = 0; i < n && fine; i++) {
        const double wanted = functions[f].reference((double)x[i]);
        // Denormal results may be flushed.
        if (fabs(wanted) < 0x1p-125) continue;
        if (ulps_between(y[i], wanted) > functions[f].ulps) {
          fine = agrees(functions[f].name, i, y[i], wanted, 0);
        }
      }
      fn(x, x, n);
      record(fine && memcmp(x, y, n * 4) == 0, "%s of %zu", functions[f].name, n);
      release_all();
    }
  }
}

static void check_broadcast(void) {
  const bnk_binary_fn fn = bnk_binary(BNK_BINARY_SUB, BNK_FLOAT);
  for (int round = 0; round < 300; round++) {
    const int rank = (int)below(5);
    int64_t a_dims[5], b_dims[5];
    size_t count = 1, a_count = 1, b_count = 1;
    for (int d = 0; d < rank; d++) {
      const int64_t size = (int64_t)ONE_OF(1, 2, 3, 7, 20, 65);
      a_dims[d] = below(3) ? size : 1;
      b_dims[d] = below(3) ? size : 1;
      count *= (size_t)(a_dims[d] > b_dims[d] ? a_dims[d] : b_dims[d]);
      a_count *= (size_t)a_dims[d];
      b_count *= (size_t)b_dims[d];
    }
    if (count > 200000) continue;
    const float *a = random_floats(a_count), *b = random_floats(b_count);
    float *y = poisoned_floats(count);
    struct bnk_broadcast plan;
    bool fine = bnk_broadcast_plan(&plan, a_dims, rank, b_dims, rank) && plan.count == count;
    if (fine) bnk_broadcast_run(&plan, fn, 4, 4, 64, a, b, y, NULL);
    for (size_t i = 0; i < count && fine; i++) {
      size_t rest = i, ia = 0, ib = 0, sa = 1, sb = 1;
      for (int d = rank - 1; d >= 0; d--) {
        const size_t size = (size_t)(a_dims[d] > b_dims[d] ? a_dims[d] : b_dims[d]);
        ia += a_dims[d] == 1 ? 0 : rest % size * sa;
        ib += b_dims[d] == 1 ? 0 : rest % size * sb;
        rest /= size;
        sa *= (size_t)a_dims[d];
        sb *= (size_t)b_dims[d];
      }
      fine = agrees("broadcast", i, y[i], (double)(a[ia] - b[ib]), 0);
    }
    record(fine, "broadcast of rank %d, %zu elements", rank, count);
    release_all();
  }
}

static void check_cast(void) {
  // Every half survives the way through float, and every integer through double.
  uint16_t *halves = guarded(65536 * 2), *back = guarded(65536 * 2);
  float *floats = guarded(65536 * 4);
  for (size_t i = 0; i < 65536; i++) halves[i] = (uint16_t)i;
  bnk_cast(BNK_HALF, BNK_FLOAT, 0, halves, floats, 65536);
  bnk_cast(BNK_FLOAT, BNK_HALF, 0, floats, back, 65536);
  bool fine = true;
  for (size_t i = 0; i < 65536; i++) {
    const bool nan = (i & 0x7fff) > 0x7c00;
    fine = fine && (nan ? (back[i] & 0x7fff) > 0x7c00 : back[i] == halves[i]);
  }
  record(fine, "half to float and back");
  for (size_t n = 0; n < 100; n++) {
    int32_t *x = guarded(n * 4), *y = guarded(n * 4);
    double *d = guarded(n * 8);
    for (size_t i = 0; i < n; i++) x[i] = (int32_t)(below((size_t)1 << 32) - (1u << 31));
    bnk_cast(BNK_INT32, BNK_DOUBLE, 0, x, d, n);
    bnk_cast(BNK_DOUBLE, BNK_INT32, 0, d, y, n);
    record(memcmp(x, y, n * 4) == 0, "int32 to double and back, %zu", n);
    release_all();
  }
  const float odd[] = {NAN, INFINITY, -INFINITY, 3e9f, -3e9f, -1.5f, 2.5f, -0.0f};
  const int32_t wanted[] = {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, -1, 2, 0};
  int32_t got[8];
  bnk_cast(BNK_FLOAT, BNK_INT32, 0, odd, got, 8);
  record(memcmp(got, wanted, sizeof got) == 0, "float out of range to int32");
}

static void check_integer_division(void) {
  static const enum bnk_binary_op ops[] = {BNK_BINARY_DIV, BNK_BINARY_FLOOR_DIV,
                                           BNK_BINARY_FLOOR_MOD, BNK_BINARY_TRUNCATE_MOD};
  const int32_t a[] = {INT32_MIN, 7, -7, INT32_MIN}, b[] = {-1, -2, 2, 0};
  const int32_t wanted[4][3] = {{INT32_MIN, -3, -3}, {INT32_MIN, -4, -4}, {0, -1, 1}, {0, 1, -1}};
  for (int i = 0; i < 4; i++) {
    int32_t y[4];
    int error = 0;
    bnk_binary(ops[i], BNK_INT32)(a, 1, b, 1, y, 3, &error);
    bool fine = memcmp(y, wanted[i], sizeof wanted[i]) == 0 && error == 0;
    bnk_binary(ops[i], BNK_INT32)(a, 1, b, 1, y, 4, &error);
    record(fine && error == BNK_ERROR_DIVISION_BY_ZERO, "integer division %d", i);
  }
}

static void check_select(void) {
  for (int round = 0; round < 100; round++) {
    const int64_t dims[3] = {(int64_t)below(5) + 1, (int64_t)below(40), (int64_t)below(20) + 1};
    int64_t operand[3][3];
    size_t counts[3] = {1, 1, 1};
    for (int k = 0; k < 3; k++) {
      for (int d = 0; d < 3; d++) {
        operand[k][d] = below(2) ? dims[d] : 1;
        counts[k] *= (size_t)operand[k][d];
      }
    }
    const size_t count = (size_t)(dims[0] * dims[1] * dims[2]);
    uint8_t *c = guarded(counts[0]);
    for (size_t i = 0; i < counts[0]; i++) c[i] = (uint8_t)below(2);
    const float *a = random_floats(counts[1]), *b = random_floats(counts[2]);
    float *y = poisoned_floats(count);
    struct bnk_select plan;
    bool fine = bnk_select_plan(&plan, 3, dims, operand[0], operand[1], operand[2]);
    if (fine) bnk_select_run(&plan, 4, c, a, b, y);
    for (size_t i = 0; i < count && fine; i++) {
      size_t at[3];
      for (int k = 0; k < 3; k++) {
        size_t rest = i, stride = 1;
        at[k] = 0;
        for (int d = 2; d >= 0; d--) {
          at[k] += operand[k][d] == 1 ? 0 : rest % (size_t)dims[d] * stride;
          rest /= (size_t)dims[d];
          stride *= (size_t)operand[k][d];
        }
      }
      fine = agrees("select", i, y[i], (double)(c[at[0]] ? a[at[1]] : b[at[2]]), 0);
    }
    record(fine, "select of %zu", count);
    release_all();
  }
}

void check_elementwise(void) {
  check_unary();
  check_broadcast();
  check_cast();
  check_integer_division();
  check_select();
}
