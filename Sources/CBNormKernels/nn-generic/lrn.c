// Local response normalization: y = x / (bias + alpha * sum of squares of near channels)^beta.
#include <math.h>

#include "bnk/cpu.h"
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

/// Channels that are worked on together.
enum { block_channels = 512 };

/// y = x / (bias + alpha * sums)^beta, each exponent in a loop of its own that has no calls.
static inline __attribute__((always_inline)) void divide(const struct lrn *p, const float *x,
                                                         const float *sums, size_t count,
                                                         float *y) {
  const float bias = p->bias, alpha = p->alpha, beta = p->beta;
  if (beta == 0.5f) {
    for (size_t k = 0; k < count; k++) y[k] = x[k] / sqrtf(bias + alpha * sums[k]);
  } else if (beta == 0.75f) {
    for (size_t k = 0; k < count; k++) {
      const float root = sqrtf(bias + alpha * sums[k]);
      y[k] = x[k] / (root * sqrtf(root));
    }
  } else {
    for (size_t k = 0; k < count; k++) y[k] = x[k] / power(bias + alpha * sums[k], beta);
  }
}

/// Adds the squares one distance after the other, so that neighbours fill vectors.
static inline __attribute__((always_inline)) void normalize_row(const struct lrn *p,
                                                                const float *x, float *y) {
  const size_t channels = p->channels;
  const size_t radius = p->radius < channels ? p->radius : channels;
  for (size_t start = 0; start < channels; start += block_channels) {
    const size_t left = channels - start;
    const size_t count = left < block_channels ? left : block_channels;
    float sums[block_channels];
    for (size_t k = 0; k < count; k++) sums[k] = 0;
    for (size_t step = 0; step <= 2 * radius; step++) {
      // The channel that lies `step - radius` from channel k, where there is one.
      const size_t first = start + step < radius ? radius - start - step : 0;
      if (start + step >= channels + radius) break;
      const size_t end = channels + radius - start - step;
      const size_t last = end < count ? end : count;
      if (first >= last) continue;
      const float *near = x + (start + first + step - radius);
      for (size_t k = 0; k < last - first; k++) sums[first + k] += near[k] * near[k];
    }
    divide(p, x + start, sums, count, y + start);
  }
}

static inline __attribute__((always_inline)) void normalize_rows(const struct lrn *p, size_t begin,
                                                                 size_t end) {
  for (size_t r = begin; r < end; r++) {
    normalize_row(p, p->x + r * p->channels, p->target + r * p->channels);
  }
}

static void forward_portable(void *context, size_t begin, size_t end) {
  normalize_rows(context, begin, end);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void forward_avx2(void *context, size_t begin,
                                                             size_t end) {
  normalize_rows(context, begin, end);
}

__attribute__((target("avx512f,avx512vl,avx512dq,fma"))) static void forward_avx512(
    void *context, size_t begin, size_t end) {
  normalize_rows(context, begin, end);
}
#endif

static void forward(void *context, size_t begin, size_t end) {
#if defined(__x86_64__)
  switch (bnk_tier()) {
    case BNK_TIER_AVX512: forward_avx512(context, begin, end); return;
    case BNK_TIER_AVX2: forward_avx2(context, begin, end); return;
    default: break;
  }
#endif
  forward_portable(context, begin, end);
}

void bnk_nn_lrn_f32(const float *x, size_t rows, size_t channels, size_t radius, float bias,
                    float alpha, float beta, float *y) {
  struct lrn p = {x, NULL, NULL, y, channels, radius, bias, alpha, beta};
  const size_t near = radius < channels ? radius : channels;
  bnk_parallel_for(rows, bnk_nn_grain(channels * (near / 4 + 4)), forward, &p);
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
