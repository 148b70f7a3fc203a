// Names and target attributes of one instruction set tier. A source file sets BNK_TIER (0 portable,
// 1 avx2, 2 avx512), includes this, then its other plain headers, then tier_begin.h, its templates
// and tier_end.h.
#ifndef BNK_TIER
#error "BNK_TIER must be set"
#endif

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bnk/dtype.h"

#if BNK_TIER == 0
#define BNK_NAME(name) name##__portable
#elif BNK_TIER == 1
#define BNK_NAME(name) name##__avx2
#else
#define BNK_NAME(name) name##__avx512
#endif

#if BNK_TIER > 0 || defined(__aarch64__)
#define BNK_FAST_FMA 1
#define BNK_FAST_HALF 1
#define BNK_FAST_ROUND 1
#else
#define BNK_FAST_FMA 0
#define BNK_FAST_HALF 0
#define BNK_FAST_ROUND 0
#endif

#define BNK_INLINE static inline __attribute__((always_inline, unused))

// The loops below read and write element i only, so that the output may be one of the inputs.
#define BNK_SIMD_LOOP _Pragma("clang loop vectorize(assume_safety) interleave(enable)")
