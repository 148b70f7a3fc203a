// Local response normalization: y = x / (bias + alpha * sum of squares of near channels)^beta.
#include <math.h>

#include "bnk/nn_generic.h"
#include "bnk/threads.h"
#include "window.h"

struct lrn {
  const float *x, *dy, *y;
  float *target;
  size_t channels, radius;
  float bias, alpha, beta;
};

static inline float power(float value, float exponent) {
  if (exponent == 0.5f) return sqrtf(value);
  if (exponent == 0.75f) {
    const float root = sqrtf(value);
    return root * sqrtf(root);
  }
  if (exponent == 1) return value;
  return powf(value, exponent);
}

/// bias + alpha * the sum of squares around channel `k`.
static inline float norm(const struct lrn *p, const float *x, size_t k) {
  const size_t first = k > p->radius ? k - p->radius : 0;
  const size_t last = p->channels - k > p->radius ? k + p->radius + 1 : p->channels;
  float sum = 0;
  for (size_t j = first; j < last; j++) sum += x[j] * x[j];
  return p->bias + p->alpha * sum;
}

static void forward(void *context, size_t begin, size_t end) {
  const struct lrn *p = context;
  for (size_t r = begin; r < end; r++) {
    const float *x = p->x + r * p->channels;
    float *target = p->target + r * p->channels;
    for (size_t k = 0; k < p->channels; k++) target[k] = x[k] / power(norm(p, x, k), p->beta);
  }
}

void bnk_nn_lrn_f32(const float *x, size_t rows, size_t channels, size_t radius, float bias,
                    float alpha, float beta, float *y) {
  struct lrn p = {x, NULL, NULL, y, channels, radius, bias, alpha, beta};
  const size_t near = radius < channels ? radius : channels;
  bnk_parallel_for(rows, bnk_nn_grain(channels * (near + 16)), forward, &p);
}

static void backward(void *context, size_t begin, size_t end) {
  const struct lrn *p = context;
  const size_t c = p->channels;
  for (size_t r = begin; r < end; r++) {
    const float *x = p->x + r * c, *y = p->y + r * c, *dy = p->dy + r * c;
    float *target = p->target + r * c;
    for (size_t k = 0; k < c; k++) target[k] = 0;
    for (size_t j = 0; j < c; j++) {
      const size_t first = j > p->radius ? j - p->radius : 0;
      const size_t last = c - j > p->radius ? j + p->radius + 1 : c;
      const float n = norm(p, x, j);
      const float shared = -2 * p->alpha * p->beta * y[j] / n * dy[j];
      for (size_t k = first; k < last; k++) {
        target[k] += x[k] * shared + (k == j ? dy[j] / power(n, p->beta) : 0);
      }
    }
  }
}

void bnk_nn_lrn_grad_f32(const float *dy, const float *x, const float *y, size_t rows,
                         size_t channels, size_t radius, float bias, float alpha, float beta,
                         float *dx) {
  struct lrn p = {x, dy, y, dx, channels, radius, bias, alpha, beta};
  const size_t near = radius < channels ? radius : channels;
  bnk_parallel_for(rows, bnk_nn_grain(channels * (2 * near + 32)), backward, &p);
}
