#ifndef BNK_BATCH_NORM_H
#define BNK_BATCH_NORM_H

#include <stddef.h>

#include "bnk/dtype.h"
#include "bnk/epilogue.h"

/// Batch normalisation of tensors whose channels come last, seen as [rows, channels] without gaps.
/// Elements are BNK_FLOAT, BNK_HALF or BNK_BFLOAT16; statistics and factors are float, sums are
/// made of float parts of fixed length that are added in double, so that a result does not depend
/// on the number of threads.

/// Bytes of workspace of the two functions that sum.
size_t bnk_batch_norm_workspace_bytes(size_t rows, size_t channels);

/// Mean and variance (of the population: divided by `rows`) of each channel, in one pass over `x`.
/// No rows give NaN.
void bnk_batch_norm_moments(enum bnk_dtype type, size_t rows, size_t channels, const void *x,
                            float *mean, float *variance, void *workspace);

/// y = act(x * scale + shift), with a scale and a shift for each channel. `y` may be `x`. For the
/// types other than BNK_FLOAT the activation is one of NONE, RELU, RELU6 and CLAMP.
void bnk_batch_norm_apply(enum bnk_dtype type, size_t rows, size_t channels, const void *x,
                          const float *scale, const float *shift, enum bnk_activation activation,
                          float alpha, float beta, void *y);

/// The same two for tensors seen as [outer, channels, inner], none of them zero.
size_t bnk_batch_norm_planes_workspace_bytes(size_t outer, size_t channels);
void bnk_batch_norm_planes_moments(enum bnk_dtype type, size_t outer, size_t channels,
                                   size_t inner, const void *x, float *mean, float *variance,
                                   void *workspace);
void bnk_batch_norm_planes_apply(enum bnk_dtype type, size_t outer, size_t channels, size_t inner,
                                 const void *x, const float *scale, const float *shift, void *y);

/// The same for BNK_HALF and BNK_BFLOAT16 with factors of that type, and with the product rounded
/// before the sum, as a Mul and an Add do. The workspace has twice as many floats as channels.
void bnk_batch_norm_apply_rounded(enum bnk_dtype type, size_t outer, size_t channels, size_t inner,
                                  const void *x, const void *scale, const void *shift,
                                  float *workspace, void *y);

/// The sums that the gradient needs: sum(dy) and sum(dy * (x - mean)) of each channel.
void bnk_batch_norm_gradient_sums(enum bnk_dtype type, size_t rows, size_t channels,
                                  const void *x, const void *dy, const float *mean, float *sum_dy,
                                  float *sum_dy_x, void *workspace);

/// dx = dy * dy_factor + x * x_factor + shift, with factors for each channel. `dx` may be `dy` or
/// `x`.
void bnk_batch_norm_gradient_apply(enum bnk_dtype type, size_t rows, size_t channels,
                                   const void *x, const void *dy, const float *dy_factor,
                                   const float *x_factor, const float *shift, void *dx);

#endif
