#ifndef BNK_GEMM_H
#define BNK_GEMM_H

#include <stdbool.h>
#include <stddef.h>

#include "bnk/epilogue.h"

/// Products of a matrix with weights that are packed once: C[m,n] = epilogue(A[m,k] B[k,n]).
///
/// All functions work on row-major float matrices; `ld…` is the distance of consecutive rows in
/// floats. Packed weights belong to the tier (see bnk/cpu.h) under which they were packed. An
/// element of C is the same to the bit whatever the number of threads.

/// Bytes of the packed form of B[k,n].
size_t bnk_gemm_f32_packed_bytes(size_t k, size_t n);

/// Packs B, which is B[k,n] or, if `transposed`, its transpose [n,k]; the address need not be
/// aligned. A column is multiplied with its entry of `scale[n]` unless that is NULL.
void bnk_gemm_f32_pack_b(size_t k, size_t n, const void *b, size_t ldb, bool transposed,
                         const float *scale, float *packed);

/// Bytes of scratch memory that let the product run at full speed with the current number of
/// threads; often 0.
size_t bnk_gemm_f32_workspace_bytes(size_t m, size_t n, size_t k, size_t lda);

/// C = epilogue(A B). `workspace` may be NULL or shorter than asked for: then it is not used, or by
/// fewer threads. C must not overlap anything but the residual, see bnk/epilogue.h. With k = 0 it
/// is the epilogue of zeros.
void bnk_gemm_f32(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *packed,
                  const struct bnk_epilogue *epilogue, float *c, size_t ldc, void *workspace,
                  size_t workspace_bytes);

#endif
