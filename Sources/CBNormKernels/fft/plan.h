#ifndef BNK_FFT_PLAN_H
#define BNK_FFT_PLAN_H

#include <stdint.h>

#include "bnk/fft.h"

#define BNK_FFT_FACTORS 64

/// The complex transform of one length: a product of small factors, or Bluestein's convolution.
struct bnk_fft_core {
  size_t length;
  /// 0 unless the length is done by a convolution of this length.
  size_t convolution;
  int factor_count;
  uint32_t factors[BNK_FFT_FACTORS];
  /// Where the tables of each factor start, in pairs from the plan's tables.
  size_t twiddles[BNK_FFT_FACTORS];
  /// Roots of unity of each factor that has no code of its own.
  size_t roots[BNK_FFT_FACTORS];
  /// Bluestein: the chirp and the transform of its kernel.
  size_t chirp, kernel;
};

struct bnk_fft_plan {
  enum bnk_dtype dtype;
  enum bnk_fft_kind kind;
  /// Of the transform as asked for; the core's is half of it for even real transforms.
  size_t length;
  /// Lines that are transformed side by side.
  size_t lanes;
  struct bnk_fft_core core, inner;
  /// exp(-2 pi i k / length) for even real transforms.
  size_t split;
  /// Pairs of numbers of the plan's dtype.
  void *tables;
};

/// One task's share: lines begin..<end.
struct bnk_fft_share {
  const struct bnk_fft_plan *plan;
  const struct bnk_fft_lines *lines;
  const void *in;
  void *out;
  int backward;
  double scale;
  void *scratch;
  size_t begin, end;
};

void bnk_fft_share_f32x1(const struct bnk_fft_share *share);
void bnk_fft_share_f32x4(const struct bnk_fft_share *share);
void bnk_fft_share_f32x8(const struct bnk_fft_share *share);
void bnk_fft_share_f64x1(const struct bnk_fft_share *share);
void bnk_fft_share_f64x2(const struct bnk_fft_share *share);
void bnk_fft_share_f64x4(const struct bnk_fft_share *share);

/// Transforms the kernel of a convolution in place; `scratch` holds twice the convolution's length.
void bnk_fft_kernel_f32(const struct bnk_fft_plan *plan, float *kernel, float *scratch);
void bnk_fft_kernel_f64(const struct bnk_fft_plan *plan, double *kernel, double *scratch);

#endif
