// Closes what simd/begin.h opened.
#if BNK_TIER != 0
#pragma clang attribute pop
#endif
