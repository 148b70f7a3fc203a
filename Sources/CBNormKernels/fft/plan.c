#include "plan.h"

#include <math.h>
#include <string.h>

#include "bnk/cpu.h"
#include "bnk/threads.h"

static const double two_pi = 6.283185307179586476925286766559;

/// exp(-2 pi i k / n), with the angle reduced to an eighth of a turn.
static void root(uint64_t k, uint64_t n, double out[2]) {
  k %= n;
  const uint64_t eighth = 8 * k / n;
  double c, s;
  // The distance to the nearest multiple of a quarter turn, in units of 1/(4n) of a turn.
  const uint64_t quarter = (eighth + 1) / 2;
  const int64_t rest = (int64_t)(4 * k) - (int64_t)(quarter * n);
  const double angle = two_pi * (double)rest / (4.0 * (double)n);
  c = cos(angle);
  s = sin(angle);
  switch (quarter % 4) {
    case 0: out[0] = c, out[1] = -s; break;
    case 1: out[0] = -s, out[1] = -c; break;
    case 2: out[0] = -c, out[1] = s; break;
    default: out[0] = s, out[1] = c;
  }
}

/// Splits a length into factors, fours first. Returns the largest one.
static size_t factorize(size_t n, struct bnk_fft_core *core) {
  size_t largest = 1;
  core->length = n;
  core->factor_count = 0;
  for (size_t f = 4; n > 1;) {
    if (n % f == 0) {
      core->factors[core->factor_count++] = (uint32_t)f;
      n /= f;
      if (f > largest) largest = f;
    } else {
      f = f == 4 ? 2 : f == 2 ? 3 : f + 2;
      if (f * f > n && f > 4) f = n;
    }
  }
  return largest;
}

static double cost(const struct bnk_fft_core *core) {
  double sum = 0;
  for (int i = 0; i < core->factor_count; i++) {
    const uint32_t f = core->factors[i];
    sum += f <= 5 ? f : 1.1 * f * f / 2;
  }
  return sum * (double)core->length;
}

/// The smallest product of 2, 3 and 5 that is not below n.
static size_t smooth(size_t n) {
  size_t best = SIZE_MAX;
  for (size_t five = 1; five < 5 * n; five *= 5) {
    for (size_t three = five; three < 3 * n; three *= 3) {
      size_t x = three;
      while (x < n) x *= 2;
      if (x < best) best = x;
    }
  }
  return best;
}

/// Places of a core's tables, from pair `next` on; the pair after them.
static size_t place(struct bnk_fft_core *core, size_t next) {
  size_t done = 1;
  for (int i = 0; i < core->factor_count; i++) {
    const size_t f = core->factors[i], inner = core->length / (done * f);
    core->twiddles[i] = next;
    next += (f - 1) * inner;
    core->roots[i] = next;
    if (f > 5) next += f;
    done *= f;
  }
  return next;
}

/// Sizes and places; the number of pairs in the tables.
static size_t lay_out(
    struct bnk_fft_plan *plan, enum bnk_dtype dtype, enum bnk_fft_kind kind, size_t length) {
  memset(plan, 0, sizeof *plan);
  plan->dtype = dtype;
  plan->kind = kind;
  plan->length = length;
  const int halves = kind != BNK_FFT_COMPLEX && length % 2 == 0;
  const size_t n = halves ? length / 2 : length;
  size_t next = 0;
  factorize(n, &plan->core);
  if (n > 50) {
    struct bnk_fft_core wide;
    const size_t m = smooth(2 * n - 1);
    factorize(m, &wide);
    if (2 * cost(&wide) + 4.0 * (double)m < cost(&plan->core)) {
      plan->core.convolution = m;
      plan->core.factor_count = 0;
      plan->inner = wide;
      plan->core.chirp = next;
      plan->core.kernel = next + n;
      next = place(&plan->inner, next + n + m);
      // Room to transform the kernel.
      next += m;
    }
  }
  if (!plan->core.convolution) next = place(&plan->core, next);
  if (halves) {
    plan->split = next;
    next += n / 2 + 1;
  }
  const size_t held = plan->core.convolution ? plan->core.convolution : n;
  const size_t vector = bnk_tier() >= BNK_TIER_AVX2 ? 32 : 16;
  plan->lanes = held > 8192 ? 1 : vector / (dtype == BNK_FLOAT ? 4 : 8);
  return next;
}

static size_t element(enum bnk_dtype dtype) { return dtype == BNK_FLOAT ? 4 : 8; }

static const size_t head = (sizeof(struct bnk_fft_plan) + 63) / 64 * 64;

size_t bnk_fft_plan_bytes(enum bnk_dtype dtype, enum bnk_fft_kind kind, size_t length) {
  struct bnk_fft_plan plan;
  return head + lay_out(&plan, dtype, kind, length) * 2 * element(dtype);
}

static void put(const struct bnk_fft_plan *plan, size_t at, const double value[2]) {
  if (plan->dtype == BNK_FLOAT) {
    ((float *)plan->tables)[2 * at] = (float)value[0];
    ((float *)plan->tables)[2 * at + 1] = (float)value[1];
  } else {
    memcpy((double *)plan->tables + 2 * at, value, 2 * sizeof(double));
  }
}

static void fill(const struct bnk_fft_plan *plan, const struct bnk_fft_core *core) {
  size_t done = 1;
  double value[2];
  for (int i = 0; i < core->factor_count; i++) {
    const size_t f = core->factors[i], inner = core->length / (done * f);
    for (size_t q = 1; q < f; q++) {
      for (size_t k = 0; k < inner; k++) {
        root((uint64_t)q * done * k, core->length, value);
        put(plan, core->twiddles[i] + (q - 1) * inner + k, value);
      }
    }
    for (size_t k = 0; k < f && f > 5; k++) {
      root(k, f, value);
      put(plan, core->roots[i] + k, value);
    }
    done *= f;
  }
}

const struct bnk_fft_plan *bnk_fft_plan_make(
    enum bnk_dtype dtype, enum bnk_fft_kind kind, size_t length, void *memory) {
  struct bnk_fft_plan *plan = memory;
  lay_out(plan, dtype, kind, length);
  plan->tables = (char *)memory + head;
  const struct bnk_fft_core *core = &plan->core;
  double value[2];
  if (core->convolution) {
    const size_t n = core->length, m = core->convolution;
    fill(plan, &plan->inner);
    const double zero[2] = {0, 0};
    for (size_t k = 0; k < m; k++) put(plan, core->kernel + k, zero);
    uint64_t square = 0;
    for (size_t k = 0; k < n; k++) {
      // exp(-pi i k^2 / n), and its conjugate over m as the kernel.
      root(square, 2 * (uint64_t)n, value);
      put(plan, core->chirp + k, value);
      const double other[2] = {value[0] / (double)m, -value[1] / (double)m};
      put(plan, core->kernel + k, other);
      if (k > 0) put(plan, core->kernel + m - k, other);
      square = (square + 2 * (uint64_t)k + 1) % (2 * (uint64_t)n);
    }
    const size_t room = core->kernel + m;
    size_t inner_end = room;
    for (int i = 0; i < plan->inner.factor_count; i++) {
      const size_t f = plan->inner.factors[i];
      inner_end = plan->inner.roots[i] + (f > 5 ? f : 0);
    }
    if (dtype == BNK_FLOAT) {
      float *tables = plan->tables;
      bnk_fft_kernel_f32(plan, tables + 2 * core->kernel, tables + 2 * inner_end);
    } else {
      double *tables = plan->tables;
      bnk_fft_kernel_f64(plan, tables + 2 * core->kernel, tables + 2 * inner_end);
    }
  } else {
    fill(plan, core);
  }
  if (kind != BNK_FFT_COMPLEX && length % 2 == 0) {
    for (size_t k = 0; k <= core->length / 2; k++) {
      root(k, length, value);
      put(plan, plan->split + k, value);
    }
  }
  return plan;
}

static size_t line_count(const struct bnk_fft_lines *lines) {
  size_t count = 1;
  for (int d = 0; d < lines->rank; d++) count *= lines->dims[d];
  return count;
}

size_t bnk_fft_tasks(const struct bnk_fft_plan *plan, const struct bnk_fft_lines *lines) {
  const size_t count = line_count(lines), blocks = (count + plan->lanes - 1) / plan->lanes;
  const size_t worth = count * plan->length / 16384;
  size_t tasks = blocks < 16 ? blocks : 16;
  if (tasks > worth) tasks = worth;
  return tasks ? tasks : 1;
}

/// Numbers of scratch memory for one task: two buffers, and a third for a convolution.
static size_t task_numbers(const struct bnk_fft_plan *plan) {
  const size_t m = plan->core.convolution;
  const size_t pairs = m ? 2 * m + plan->core.length : 2 * plan->core.length;
  return ((pairs + 2) * 2 * plan->lanes + 15) / 16 * 16;
}

size_t bnk_fft_scratch_bytes(const struct bnk_fft_plan *plan, size_t tasks) {
  return task_numbers(plan) * element(plan->dtype) * tasks;
}

struct job {
  struct bnk_fft_share share;
  size_t tasks, lines;
};

static void work(void *context, size_t task) {
  const struct job *job = context;
  struct bnk_fft_share share = job->share;
  const struct bnk_fft_plan *plan = share.plan;
  const size_t lanes = plan->lanes, blocks = (job->lines + lanes - 1) / lanes;
  share.begin = blocks * task / job->tasks * lanes;
  share.end = blocks * (task + 1) / job->tasks * lanes;
  if (share.end > job->lines) share.end = job->lines;
  share.scratch = (char *)share.scratch + task * task_numbers(plan) * element(plan->dtype);
  const int is_float = plan->dtype == BNK_FLOAT;
  switch (lanes * (is_float ? 4 : 8)) {
#if defined(__x86_64__)
    case 32: (is_float ? bnk_fft_share_f32x8 : bnk_fft_share_f64x4)(&share); break;
#endif
    case 16: (is_float ? bnk_fft_share_f32x4 : bnk_fft_share_f64x2)(&share); break;
    default: (is_float ? bnk_fft_share_f32x1 : bnk_fft_share_f64x1)(&share);
  }
}

void bnk_fft_run(
    const struct bnk_fft_plan *plan, const struct bnk_fft_lines *lines, const void *in, void *out,
    int backward, double scale, void *scratch, size_t tasks) {
  struct job job = {{plan, lines, in, out, backward, scale, scratch, 0, 0}, tasks,
                    line_count(lines)};
  if (job.lines == 0 || plan->length == 0) return;
  bnk_parallel_tasks(tasks, work, &job);
}
