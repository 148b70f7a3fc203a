#include "bnk/cpu.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

/// Register state that the operating system saves, as XGETBV reports it.
static unsigned long long saved_state(void) {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (unsigned long long)high << 32 | low;
}

static enum bnk_tier detect(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return BNK_TIER_PORTABLE;
  const unsigned osxsave = 1u << 27, avx = 1u << 28, fma = 1u << 12, f16c = 1u << 29;
  const unsigned basic = osxsave | avx | fma | f16c;
  if ((c & basic) != basic) return BNK_TIER_PORTABLE;
  const unsigned long long state = saved_state();
  if ((state & 0x6) != 0x6) return BNK_TIER_PORTABLE;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return BNK_TIER_PORTABLE;
  if (!(b & 1u << 5)) return BNK_TIER_PORTABLE;
  const unsigned avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;  // F, DQ, BW, VL
  if ((b & avx512) != avx512 || (state & 0xe6) != 0xe6) return BNK_TIER_AVX2;
  return BNK_TIER_AVX512;
}

unsigned bnk_enter_ftz(void) {
  const unsigned saved = _mm_getcsr();
  _mm_setcsr(saved | 0x8040);
  return saved;
}

void bnk_leave_ftz(unsigned saved) { _mm_setcsr(saved); }

#else

static enum bnk_tier detect(void) { return BNK_TIER_PORTABLE; }

#if defined(__aarch64__)
unsigned bnk_enter_ftz(void) {
  unsigned long long control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  __asm__ volatile("msr fpcr, %0" ::"r"(control | 1ull << 24));
  return (unsigned)control;
}

void bnk_leave_ftz(unsigned saved) {
  __asm__ volatile("msr fpcr, %0" ::"r"((unsigned long long)saved));
}
#else
unsigned bnk_enter_ftz(void) { return 0; }
void bnk_leave_ftz(unsigned saved) { (void)saved; }
#endif
#endif

enum bnk_tier bnk_tier_supported(void) {
  static atomic_int known;  // tier + 1
  int value = atomic_load_explicit(&known, memory_order_relaxed);
  if (value == 0) {
    value = (int)detect() + 1;
    atomic_store_explicit(&known, value, memory_order_relaxed);
  }
  return (enum bnk_tier)(value - 1);
}

static atomic_int current_tier;  // tier + 1

static enum bnk_tier lower(enum bnk_tier a, enum bnk_tier b) { return a < b ? a : b; }

static enum bnk_tier initial_tier(void) {
  enum bnk_tier limit = BNK_TIER_AVX512;
  const char *wanted = getenv("BNORM_MAX_ISA");
  for (int tier = 0; wanted && tier < BNK_TIER_COUNT; tier++) {
    if (strcmp(wanted, bnk_tier_name((enum bnk_tier)tier)) == 0) limit = (enum bnk_tier)tier;
  }
  return lower(limit, bnk_tier_supported());
}

enum bnk_tier bnk_tier(void) {
  int value = atomic_load_explicit(&current_tier, memory_order_relaxed);
  if (value == 0) {
    int expected = 0;
    value = (int)initial_tier() + 1;
    if (!atomic_compare_exchange_strong(&current_tier, &expected, value)) value = expected;
  }
  return (enum bnk_tier)(value - 1);
}

void bnk_set_max_tier(enum bnk_tier tier) {
  atomic_store(&current_tier, (int)lower(tier, bnk_tier_supported()) + 1);
}

const char *bnk_tier_name(enum bnk_tier tier) {
  switch (tier) {
    case BNK_TIER_AVX512: return "avx512";
    case BNK_TIER_AVX2: return "avx2";
    default: return "portable";
  }
}

static unsigned cache_bytes(int name, unsigned usual) {
  const long bytes = name < 0 ? 0 : sysconf(name);
  return bytes >= 16 * 1024 && bytes <= 64l * 1024 * 1024 ? (unsigned)bytes : usual;
}

#if defined(_SC_LEVEL1_DCACHE_SIZE)
unsigned bnk_l1_bytes(void) { return cache_bytes(_SC_LEVEL1_DCACHE_SIZE, 32 * 1024); }
unsigned bnk_l2_bytes(void) { return cache_bytes(_SC_LEVEL2_CACHE_SIZE, 512 * 1024); }
#else
unsigned bnk_l1_bytes(void) { return cache_bytes(-1, 32 * 1024); }
unsigned bnk_l2_bytes(void) { return cache_bytes(-1, 512 * 1024); }
#endif
