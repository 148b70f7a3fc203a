#define _GNU_SOURCE
#include "check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bnk/cpu.h"
#include "bnk/threads.h"

static struct {
  void *address;
  size_t bytes;
} mappings[256];
static size_t mapping_count;
static uint64_t random_state = 1;
static size_t cases, failures;

void *guarded(size_t bytes) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t inside = (bytes + page - 1) / page * page;
  char *address = mmap(NULL, inside + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED || mapping_count == sizeof mappings / sizeof *mappings ||
      (inside && mprotect(address + page, inside, PROT_READ | PROT_WRITE) != 0)) {
    perror("guarded memory");
    exit(2);
  }
  mappings[mapping_count].address = address;
  mappings[mapping_count++].bytes = inside + 2 * page;
  return address + page + inside - bytes;
}

void release_all(void) {
  while (mapping_count > 0) {
    mapping_count--;
    munmap(mappings[mapping_count].address, mappings[mapping_count].bytes);
  }
}

static uint64_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

size_t below(size_t limit) { return limit ? (size_t)(next_random() >> 11) % limit : 0; }

float *random_floats(size_t count) {
  float *values = guarded(count * sizeof(float));
  for (size_t i = 0; i < count; i++) {
    values[i] = (float)(next_random() >> 40) / (float)(1 << 23) - 1;
  }
  return values;
}

static const uint32_t poison_bits = 0x7fa5a5a5;

float *poisoned_floats(size_t count) {
  float *values = guarded(count * sizeof(float));
  for (size_t i = 0; i < count; i++) memcpy(values + i, &poison_bits, sizeof poison_bits);
  return values;
}

bool is_poison(float value) { return memcmp(&value, &poison_bits, sizeof value) == 0; }

static double clip(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

static double activated(const struct bnk_epilogue *e, double x) {
  switch (e->activation) {
    case BNK_ACT_NONE: return x;
    case BNK_ACT_RELU: return x < 0 ? 0 : x;
    case BNK_ACT_RELU6: return clip(x, 0, 6);
    case BNK_ACT_CLAMP: return clip(x, e->alpha, e->beta);
    case BNK_ACT_LEAKY_RELU: return x > 0 ? x : e->alpha * x;
    case BNK_ACT_ELU: return x > 0 ? x : e->alpha * expm1(x);
    case BNK_ACT_SELU: return x > 0 ? 1.0507009873554805 * x : 1.7580993408473766 * expm1(x);
    case BNK_ACT_SIGMOID: return 1 / (1 + exp(-x));
    case BNK_ACT_TANH: return tanh(x);
    case BNK_ACT_SWISH: return x / (1 + exp(-x));
    case BNK_ACT_HARD_SWISH: return x * clip(e->alpha * x + e->beta, 0, 1);
    case BNK_ACT_HARD_SIGMOID: return clip(e->alpha * x + e->beta, 0, 1);
    case BNK_ACT_GELU: return 0.5 * x * (1 + erf(x * sqrt(0.5)));
    case BNK_ACT_GELU_TANH:
      return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case BNK_ACT_SOFTPLUS: return log1p(exp(x));
    case BNK_ACT_SOFTSIGN: return x / (1 + fabs(x));
    case BNK_ACT_MISH: return x * tanh(log1p(exp(x)));
  }
  return x;
}

double reference_epilogue(const struct bnk_epilogue *e, double x, size_t row, size_t channel) {
  if (e->bias) x += e->bias[channel];
  const double residual = e->residual ? e->residual[row * e->residual_stride + channel] : 0;
  return e->residual_after_activation ? activated(e, x) + residual : activated(e, x + residual);
}

struct bnk_epilogue random_epilogue(size_t rows, size_t channels) {
  struct bnk_epilogue e = {0};
  if (below(2)) e.bias = random_floats(channels);
  if (below(3) == 0 && rows > 0) {
    e.residual_stride = channels + below(2) * below(20);
    e.residual = random_floats((rows - 1) * e.residual_stride + channels);
    e.residual_after_activation = below(2);
  }
  e.activation = below(2) ? (enum bnk_activation)below(4) : (enum bnk_activation)below(17);
  e.alpha = e.activation == BNK_ACT_CLAMP ? -0.25f : 0.2f;
  e.beta = 0.5f;
  return e;
}

bool agrees(const char *what, size_t index, float got, double wanted, double tolerance) {
  if (got == wanted || (isnan(wanted) ? isnan(got) : fabs(got - wanted) <= tolerance * (1 + fabs(wanted)))) {
    return true;
  }
  fprintf(stderr, "%s: element %zu is %.9g, not %.9g\n", what, index, (double)got, wanted);
  return false;
}

void record(bool fine, const char *format, ...) {
  cases++;
  if (fine) return;
  failures++;
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "FAILED (%s, %d threads): ", bnk_tier_name(bnk_tier()), bnk_threads());
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*check)(void);
  } all[] = {
      {"threads", check_threads},     {"gemm", check_gemm}, {"conv2d", check_conv2d},
      {"pool", check_pool}, {"batch_norm", check_batch_norm},
      {"activation", check_activation},
      {"elementwise", check_elementwise}, {"reduce", check_reduce},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (argc > 1 && strcmp(argv[1], all[i].name) != 0) continue;
    for (int tier = 0; tier <= (int)bnk_tier_supported(); tier++) {
      bnk_set_max_tier((enum bnk_tier)tier);
      random_state = argc > 2 ? strtoull(argv[2], NULL, 10) : 12345;
      const size_t before = cases, failed = failures;
      all[i].check();
      printf("%-10s %-8s %6zu cases, %zu failed\n", all[i].name,
             bnk_tier_name((enum bnk_tier)tier), cases - before, failures - failed);
    }
  }
  return failures > 0;
}
