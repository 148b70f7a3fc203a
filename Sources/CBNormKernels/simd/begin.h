// Opens a tier: what follows, up to simd/end.h, is compiled for the instruction set named by
// BNK_TIER (0 portable, 1 AVX2, 2 AVX-512). Not guarded: a file opens one tier and closes it.
#if !defined(BNK_TIER)
#error "define BNK_TIER before including simd/begin.h"
#endif

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if BNK_TIER == 2
#define BNK_SUFFIX avx512
#define BNK_V 16
#pragma clang attribute push(                                                             \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,bmi,bmi2"))), \
    apply_to = function)
#elif BNK_TIER == 1
#define BNK_SUFFIX avx2
#define BNK_V 8
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2"))), \
                             apply_to = function)
#else
#define BNK_SUFFIX portable
#define BNK_V 4
#endif

#define BNK_PASTE2(name, suffix) name##_##suffix
#define BNK_PASTE(name, suffix) BNK_PASTE2(name, suffix)
/// The tier's own version of a function: `BNK_NAME(f)` is `f_avx512` and so on.
#define BNK_NAME(name) BNK_PASTE(name, BNK_SUFFIX)

#include "vec.h"
