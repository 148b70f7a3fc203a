#include "peak.h"

typedef float wide __attribute__((ext_vector_type(16)));
typedef float half_wide __attribute__((ext_vector_type(8)));

#if defined(__x86_64__)
#define WIDE __attribute__((noinline, target("avx512f")))
#define NARROW __attribute__((noinline, target("avx2,fma")))
#else
#define WIDE __attribute__((noinline))
#define NARROW __attribute__((noinline))
#endif

#define CHAINS 12
#define LOOP(T)                                                             \
  T sums[CHAINS];                                                           \
  for (int i = 0; i < CHAINS; i++) sums[i] = (T)((float)i);                 \
  for (long n = 0; n < rounds; n++) {                                       \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) {   \
      sums[i] = sums[i] * (T)(0.999f) + (T)(0.001f);                        \
    }                                                                       \
  }                                                                         \
  for (int i = 1; i < CHAINS; i++) sums[0] += sums[i];                      \
  return sums[0][0];

static WIDE float wide_loop(long rounds) { LOOP(wide) }
static NARROW float narrow_loop(long rounds) { LOOP(half_wide) }

double measure_peak(void) {
#if defined(__x86_64__)
  const int has_wide = __builtin_cpu_supports("avx512f");
#else
  const int has_wide = 0;
#endif
  const long rounds = 400000;
  double best = 1e9;
  for (int i = 0; i < 20; i++) {
    const double start = seconds();
    volatile float result = has_wide ? wide_loop(rounds) : narrow_loop(rounds);
    (void)result;
    const double time = seconds() - start;
    if (time < best) best = time;
  }
  return 2.0 * CHAINS * (has_wide ? 16 : 8) * (double)rounds / best * 1e-9;
}
