// Inside the convolutions.
#ifndef BNK_CONV2D_INTERNAL_H
#define BNK_CONV2D_INTERNAL_H

#include "bnk/conv2d.h"

void bnk_conv2d_plan_direct(struct bnk_conv2d_plan *plan);
void bnk_conv2d_pack_direct(const struct bnk_conv2d_plan *plan, const void *weights,
                            const float *scale, float *packed);
void bnk_conv2d_run_direct(const struct bnk_conv2d_plan *plan, const float *input,
                           const float *packed, const struct bnk_epilogue *epilogue,
                           float *output, float *workspace);

void bnk_conv2d_plan_winograd(struct bnk_conv2d_plan *plan);
void bnk_conv2d_pack_winograd(const struct bnk_conv2d_plan *plan, const void *weights,
                              const float *scale, float *packed);
void bnk_conv2d_run_winograd(const struct bnk_conv2d_plan *plan, const float *input,
                             const float *packed, const struct bnk_epilogue *epilogue,
                             float *output, float *workspace);

void bnk_conv2d_plan_depthwise(struct bnk_conv2d_plan *plan);
void bnk_conv2d_pack_depthwise(const struct bnk_conv2d_plan *plan, const void *weights,
                               const float *scale, float *packed);
void bnk_conv2d_run_depthwise(const struct bnk_conv2d_plan *plan, const float *input,
                              const float *packed, const struct bnk_epilogue *epilogue,
                              float *output, float *workspace);

static inline size_t bnk_output_size(size_t size, size_t padding, size_t kernel, size_t dilation,
                                     size_t stride) {
  const size_t window = (kernel - 1) * dilation + 1;
  return size + padding < window ? 0 : (size + padding - window) / stride + 1;
}

#endif
