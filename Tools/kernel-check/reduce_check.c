#include "bnk/reduce.h"

#include <math.h>
#include <string.h>

#include "bnk/cumulative.h"
#include "bnk/softmax.h"
#include "bnk/threads.h"
#include "check.h"

static const struct {
  const char *name;
  enum bnk_reduce_op op;
} reductions[] = {
    {"sum", BNK_REDUCE_SUM},   {"mean", BNK_REDUCE_MEAN}, {"prod", BNK_REDUCE_PROD},
    {"max", BNK_REDUCE_MAX},   {"min", BNK_REDUCE_MIN},   {"norm", BNK_REDUCE_EUCLIDEAN_NORM},
    {"l2", BNK_REDUCE_L2_LOSS},
};

static double start(enum bnk_reduce_op op) {
  return op == BNK_REDUCE_PROD  ? 1
         : op == BNK_REDUCE_MAX ? -INFINITY
         : op == BNK_REDUCE_MIN ? INFINITY
                                : 0;
}

static double step(enum bnk_reduce_op op, double s, double v) {
  switch (op) {
    case BNK_REDUCE_PROD: return s * v;
    case BNK_REDUCE_MAX: return v > s || v != v ? v : s;
    case BNK_REDUCE_MIN: return v < s || v != v ? v : s;
    case BNK_REDUCE_EUCLIDEAN_NORM:
    case BNK_REDUCE_L2_LOSS: return s + v * v;
    default: return s + v;
  }
}

static void check_case(size_t which, int rank, const int64_t *dims, const uint8_t *mask) {
  const enum bnk_reduce_op op = reductions[which].op;
  size_t count = 1, outputs = 1, reduced = 1;
  for (int d = 0; d < rank; d++) {
    count *= (size_t)dims[d];
    *(mask[d] ? &reduced : &outputs) *= (size_t)dims[d];
  }
  float *x = random_floats(count);
  if (op == BNK_REDUCE_PROD) {
    for (size_t i = 0; i < count; i++) x[i] = 1 + x[i] * 1e-3f;
  }
  if (count > 0 && below(4) == 0) x[below(count)] = NAN;
  double *wanted = guarded(outputs * 8);
  for (size_t o = 0; o < outputs; o++) wanted[o] = start(op);
  for (size_t i = 0; i < count; i++) {
    size_t rest = i, o = 0, stride = 1;
    for (int d = rank - 1; d >= 0; d--) {
      if (!mask[d]) {
        o += rest % (size_t)dims[d] * stride;
        stride *= (size_t)dims[d];
      }
      rest /= (size_t)dims[d];
    }
    wanted[o] = step(op, wanted[o], (double)x[i]);
  }
  struct bnk_reduce plan;
  bool fine = bnk_reduce_plan(&plan, op, BNK_FLOAT, dims, mask, rank) && plan.outputs == outputs;
  float *first = poisoned_floats(outputs), *y = poisoned_floats(outputs);
  void *scratch = guarded((plan.scratch_bytes + 15) / 16 * 16);
  for (int threads = 1; threads <= 3 && fine; threads++) {
    bnk_set_threads(threads);
    bnk_reduce_run(&plan, x, y, scratch);
    if (threads == 1) memcpy(first, y, outputs * 4);
    fine = memcmp(first, y, outputs * 4) == 0;
  }
  bnk_set_threads(0);
  // Means over image rows are chains of float additions, as TensorFlow's.
  for (size_t o = 0; o < outputs && fine; o++) {
    double w = wanted[o];
    if (op == BNK_REDUCE_MEAN) w /= (double)reduced;
    if (op == BNK_REDUCE_EUCLIDEAN_NORM) w = sqrt(w);
    if (op == BNK_REDUCE_L2_LOSS) w *= 0.5;
    fine = agrees(reductions[which].name, o, y[o], w, 1e-7 * (1 + sqrt((double)reduced)));
  }
  record(fine, "%s of rank %d, %zu to %zu", reductions[which].name, rank, count, outputs);
  release_all();
}

static void check_softmax_case(size_t rows, size_t n, int logarithm) {
  float *x = random_floats(rows * n), *y = poisoned_floats(rows * n);
  for (size_t i = 0; i < rows * n; i++) x[i] *= 10;
  bool fine = bnk_softmax(BNK_FLOAT, logarithm, x, y, rows, n);
  for (size_t r = 0; r < rows && fine; r++) {
    double max = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++) max = fmax(max, (double)x[r * n + i]);
    for (size_t i = 0; i < n; i++) sum += exp((double)x[r * n + i] - max);
    for (size_t i = 0; i < n && fine; i++) {
      const double d = (double)x[r * n + i] - max;
      fine = agrees("softmax", i, y[r * n + i], logarithm ? d - log(sum) : exp(d) / sum, 3e-7);
    }
  }
  record(fine, "softmax of %zu rows of %zu", rows, n);
  release_all();
}

static void check_cumulative_case(int exclusive, int reverse) {
  const size_t outer = below(3) + 1, n = below(30), inner = ONE_OF(1, 2, 9);
  const float *x = random_floats(outer * n * inner);
  float *y = poisoned_floats(outer * n * inner);
  bool fine = bnk_cumulative(BNK_CUMULATIVE_SUM, BNK_FLOAT, exclusive, reverse, x, y, outer, n,
                             inner);
  for (size_t o = 0; o < outer; o++) {
    for (size_t k = 0; k < inner && fine; k++) {
      double sum = 0;
      for (size_t i = 0; i < n && fine; i++) {
        const size_t at = (o * n + (reverse ? n - 1 - i : i)) * inner + k;
        const double with = sum + (double)x[at];
        fine = agrees("cumulative", at, y[at], exclusive ? sum : with, 1e-6);
        sum = with;
      }
    }
  }
  record(fine, "running sum of [%zu, %zu, %zu]", outer, n, inner);
  release_all();
}

static void check_arg(void) {
  const float x[] = {NAN, -INFINITY, 3, 3, NAN, 1};
  int64_t y[6];
  bnk_arg_extremum(BNK_FLOAT, 1, x, y, 1, 6, 1);
  bool fine = y[0] == 2;
  bnk_arg_extremum(BNK_FLOAT, 0, x, y, 1, 6, 1);
  fine = fine && y[0] == 1;
  bnk_arg_extremum(BNK_FLOAT, 1, x, y, 1, 3, 2);
  fine = fine && y[0] == 1 && y[1] == 1;
  record(fine, "arg of extrema");
}

void check_reduce(void) {
  for (size_t which = 0; which < sizeof reductions / sizeof *reductions; which++) {
    for (int round = 0; round < 60; round++) {
      const int rank = (int)below(5);
      int64_t dims[5];
      uint8_t mask[5];
      size_t count = 1;
      for (int d = 0; d < rank; d++) {
        dims[d] = (int64_t)ONE_OF(1, 2, 3, 8, 33, 130, 700);
        if (below(30) == 0) dims[d] = 0;
        mask[d] = (uint8_t)below(2);
        count *= (size_t)dims[d];
      }
      if (count <= 300000) check_case(which, rank, dims, mask);
    }
    const int64_t large[] = {300000}, tall[] = {40000, 7}, wide[] = {700, 600};
    const uint8_t first[] = {1, 0}, last[] = {0, 1};
    check_case(which, 1, large, first);
    check_case(which, 2, tall, first);
    check_case(which, 2, wide, first);
    check_case(which, 2, tall, last);
  }
  for (size_t n = 1; n < 600; n += n < 40 ? 1 : 97) {
    check_softmax_case(3, n, 0);
    check_softmax_case(2, n, 1);
  }
  for (int round = 0; round < 40; round++) check_cumulative_case(round & 1, round >> 1 & 1);
  check_arg();
}
