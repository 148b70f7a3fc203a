#ifndef BNK_FFT_H
#define BNK_FFT_H

#include <stddef.h>
#include <stdint.h>

#include "bnk/dtype.h"

/// Discrete Fourier transforms of any length, along one dimension of strided arrays.

enum bnk_fft_kind {
  /// Complex to complex.
  BNK_FFT_COMPLEX,
  /// Real to the first length/2 + 1 complex values; forward.
  BNK_FFT_REAL,
  /// The first length/2 + 1 complex values to real; backward.
  BNK_FFT_TO_REAL,
};

/// Factors and tables of a length, in memory of the caller.
struct bnk_fft_plan;

/// Bytes of a plan for `length` (at least 1); `dtype` is BNK_FLOAT or BNK_DOUBLE.
size_t bnk_fft_plan_bytes(enum bnk_dtype dtype, enum bnk_fft_kind kind, size_t length);
/// Fills `memory` (64-byte aligned) and returns it as a plan.
const struct bnk_fft_plan *bnk_fft_plan_make(
    enum bnk_dtype dtype, enum bnk_fft_kind kind, size_t length, void *memory);

#define BNK_FFT_RANK 12

/// The lines of an array along one dimension. Strides are in elements (complex or real) of the
/// input and of the output; they may be the same array.
struct bnk_fft_lines {
  int rank;
  size_t dims[BNK_FFT_RANK];
  size_t in_strides[BNK_FFT_RANK], out_strides[BNK_FFT_RANK];
  /// The transformed dimension: elements read (the rest counts as zero) and its strides.
  size_t in_length, in_stride, out_stride;
};

/// How many tasks work on `lines`, and the bytes of scratch memory that they need together.
size_t bnk_fft_tasks(const struct bnk_fft_plan *plan, const struct bnk_fft_lines *lines);
size_t bnk_fft_scratch_bytes(const struct bnk_fft_plan *plan, size_t tasks);

/// Transforms every line, forward or backward, and multiplies with `scale`.
void bnk_fft_run(
    const struct bnk_fft_plan *plan, const struct bnk_fft_lines *lines, const void *in, void *out,
    int backward, double scale, void *scratch, size_t tasks);

#endif
