// Opens a tier (see math/tier.h) and brings in its vector vocabulary; simd/end.h closes it.
#include "../math/tier.h"

#include <stdbool.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if BNK_TIER == 2
#define BNK_V 16
#elif BNK_TIER == 1
#define BNK_V 8
#else
#define BNK_V 4
#endif

#define BNK_UNROLL _Pragma("clang loop unroll(full)")

#include "../math/tier_begin.h"

#include "vec.h"
