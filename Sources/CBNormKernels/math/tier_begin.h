// Functions from here on may use the instructions of BNK_TIER, see tier.h.
#if BNK_TIER == 1
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2,popcnt"))), \
                             apply_to = function)
#elif BNK_TIER == 2
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,f16c,bmi,bmi2,popcnt"))), \
    apply_to = function)
#endif
