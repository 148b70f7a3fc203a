#include "bnk/batch_norm.h"

#include <math.h>
#include <string.h>

#include "bnk/threads.h"
#include "check.h"

struct tensor {
  enum bnk_dtype type;
  void *data;
};

static double read_bf16(uint16_t bits) {
  const uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}

static double element(const struct tensor *t, size_t i) {
  if (t->type == BNK_FLOAT) return ((float *)t->data)[i];
  if (t->type == BNK_BFLOAT16) return read_bf16(((uint16_t *)t->data)[i]);
  _Float16 value;
  memcpy(&value, (uint16_t *)t->data + i, sizeof value);
  return (double)value;
}

static size_t bytes_of(enum bnk_dtype type) { return type == BNK_FLOAT ? 4 : 2; }

static struct tensor random_tensor(enum bnk_dtype type, size_t count, float offset) {
  struct tensor t = {type, guarded(count * bytes_of(type))};
  const float *values = random_floats(count);
  for (size_t i = 0; i < count; i++) {
    const float value = values[i] + offset;
    if (type == BNK_FLOAT) {
      ((float *)t.data)[i] = value;
    } else if (type == BNK_BFLOAT16) {
      uint32_t bits;
      memcpy(&bits, &value, sizeof bits);
      ((uint16_t *)t.data)[i] = (uint16_t)(bits >> 16);
    } else {
      const _Float16 half = (_Float16)value;
      memcpy((uint16_t *)t.data + i, &half, sizeof half);
    }
  }
  return t;
}

static bool check_sums(const struct tensor *x, const struct tensor *dy, size_t rows,
                       size_t channels, const float *mean, const float *variance,
                       const float *sum_dy, const float *sum_dy_x) {
  for (size_t c = 0; c < channels; c++) {
    double sum = 0, squares = 0, dys = 0, products = 0;
    for (size_t r = 0; r < rows; r++) sum += element(x, r * channels + c);
    const double wanted = rows ? sum / (double)rows : NAN;
    for (size_t r = 0; r < rows; r++) {
      const double d = element(x, r * channels + c) - wanted, g = element(dy, r * channels + c);
      squares += d * d;
      dys += g;
      products += g * (element(x, r * channels + c) - mean[c]);
    }
    const double slack = 1e-6 * (double)rows;
    if (!agrees("mean", c, mean[c], wanted, 1e-6) ||
        !agrees("variance", c, variance[c], rows ? squares / (double)rows : NAN, 2e-6) ||
        !agrees("sum dy", c, sum_dy[c], dys, slack) ||
        !agrees("sum dy x", c, sum_dy_x[c], products, slack)) {
      return false;
    }
  }
  return true;
}

static void check_case(enum bnk_dtype type, size_t rows, size_t channels, float offset) {
  const size_t count = rows * channels;
  struct tensor x = random_tensor(type, count, offset), dy = random_tensor(type, count, 0);
  const float *scale = random_floats(channels), *shift = random_floats(channels);
  const float *factor = random_floats(channels);
  float *first[6] = {0};
  for (int threads = 1; threads <= 3; threads++) {
    bnk_set_threads(threads);
    float *results[4];
    for (int i = 0; i < 4; i++) results[i] = poisoned_floats(channels);
    void *workspace = guarded(bnk_batch_norm_workspace_bytes(rows, channels));
    bnk_batch_norm_moments(type, rows, channels, x.data, results[0], results[1], workspace);
    bnk_batch_norm_gradient_sums(type, rows, channels, x.data, dy.data, results[0], results[2],
                                 results[3], workspace);
    bool fine = true;
    if (first[0]) {
      for (int i = 0; i < 4; i++) fine = fine && !memcmp(first[i], results[i], channels * 4);
    } else {
      memcpy(first, results, sizeof results);
      fine = check_sums(&x, &dy, rows, channels, results[0], results[1], results[2], results[3]);
    }
    struct tensor y = random_tensor(type, count, 0), dx = random_tensor(type, count, 0);
    const double precision = type == BNK_FLOAT ? 1e-6 : type == BNK_HALF ? 6e-4 : 5e-3;
    bnk_batch_norm_apply(type, rows, channels, x.data, scale, shift, BNK_ACT_CLAMP, -0.5f, 2,
                         y.data);
    bnk_batch_norm_gradient_apply(type, rows, channels, x.data, dy.data, factor, scale, shift,
                                  dx.data);
    for (size_t i = 0; fine && i < count; i++) {
      const size_t c = i % channels;
      const double mapped = element(&x, i) * scale[c] + shift[c];
      const double wanted = mapped < -0.5 ? -0.5 : mapped > 2 ? 2 : mapped;
      const double size = 1 + fabs(offset);
      fine = agrees("apply", i, (float)element(&y, i), wanted, precision * size) &&
             agrees("gradient", i, (float)element(&dx, i), mapped + element(&dy, i) * factor[c],
                    precision * size);
    }
    record(fine, "batch norm type %d, %zu x %zu, offset %g", type, rows, channels,
           (double)offset);
  }
  bnk_set_threads(0);
  release_all();
}

void check_batch_norm(void) {
  static const enum bnk_dtype types[] = {BNK_FLOAT, BNK_HALF, BNK_BFLOAT16};
  for (int t = 0; t < 3; t++) {
    for (int i = 0; i < 40; i++) {
      check_case(types[t], below(700), 1 + below(300), (float)ONE_OF(0, 0, 10));
    }
    for (size_t c = 1; c < 70; c += 5) check_case(types[t], 1000 + below(3000), c, 3);
    check_case(types[t], 0, 7, 0);
    check_case(types[t], 1, 3, 0);
    check_case(types[t], 6272, 256, 1);
  }
}
