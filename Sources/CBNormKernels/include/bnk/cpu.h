#ifndef BNK_CPU_H
#define BNK_CPU_H

/// The instruction sets that kernels are built for. A higher tier includes the lower ones.
enum bnk_tier {
  /// 16-byte vectors and nothing beyond the architecture's baseline (SSE2 on x86-64, NEON on AArch64).
  BNK_TIER_PORTABLE = 0,
  /// AVX2, FMA and F16C.
  BNK_TIER_AVX2 = 1,
  /// AVX-512 F, BW, DQ and VL.
  BNK_TIER_AVX512 = 2,
};

#define BNK_TIER_COUNT 3

/// The highest tier that the processor and the operating system support.
enum bnk_tier bnk_tier_supported(void);

/// The tier that kernels use: the supported one, lowered by the environment variable
/// BNORM_MAX_ISA (portable, avx2 or avx512; read once) or by `bnk_set_max_tier`.
enum bnk_tier bnk_tier(void);

/// Lowers (or raises again) the tier that kernels use from now on. A tier above the supported one
/// means the supported one. Not meant to be called while kernels run. Weights that were packed
/// under one tier must be run under the same one.
void bnk_set_max_tier(enum bnk_tier tier);

/// "portable", "avx2" or "avx512".
const char *bnk_tier_name(enum bnk_tier tier);

/// Turns on flushing of denormal results and inputs to zero on the calling thread, as TensorFlow
/// does in its kernels; returns the previous control word for `bnk_leave_ftz`.
unsigned bnk_enter_ftz(void);

/// Restores what `bnk_enter_ftz` returned.
void bnk_leave_ftz(unsigned saved);

/// Bytes of the level 1 data cache and of the level 2 cache of a core (a usual value if unknown).
unsigned bnk_l1_bytes(void);
unsigned bnk_l2_bytes(void);

#endif
