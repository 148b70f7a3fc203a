#include "conv2d.h"

#include "bnk/threads.h"

void bnk_conv2d_plan_with(const struct bnk_conv2d_shape *shape,
                          enum bnk_conv2d_algorithm algorithm, struct bnk_conv2d_plan *plan) {
  const struct bnk_conv2d_shape *s = shape;
  *plan = (struct bnk_conv2d_plan){
      .shape = *shape,
      .output_height = bnk_output_size(s->height, s->pad_top + s->pad_bottom, s->kernel_height,
                                       s->dilation_height, s->stride_height),
      .output_width = bnk_output_size(s->width, s->pad_left + s->pad_right, s->kernel_width,
                                      s->dilation_width, s->stride_width),
      .strands = (size_t)bnk_threads(),
  };
  const bool fits = s->kernel_height == 3 && s->kernel_width == 3 && s->stride_height == 1 &&
                    s->stride_width == 1 && s->dilation_height == 1 && s->dilation_width == 1 &&
                    s->groups == 1;
  plan->algorithm = fits ? algorithm : BNK_CONV2D_DIRECT;
  if (plan->algorithm == BNK_CONV2D_DIRECT) {
    bnk_conv2d_plan_direct(plan);
  } else {
    bnk_conv2d_plan_winograd(plan);
  }
}

void bnk_conv2d_plan(const struct bnk_conv2d_shape *shape, struct bnk_conv2d_plan *plan) {
  bnk_conv2d_plan_with(shape, BNK_CONV2D_DIRECT, plan);
}

void bnk_conv2d_pack_weights(const struct bnk_conv2d_plan *plan, const void *weights,
                             const float *scale, float *packed) {
  if (plan->algorithm == BNK_CONV2D_DIRECT) {
    bnk_conv2d_pack_direct(plan, weights, scale, packed);
  } else {
    bnk_conv2d_pack_winograd(plan, weights, scale, packed);
  }
}

void bnk_conv2d_run(const struct bnk_conv2d_plan *plan, const float *input, const float *packed,
                    const struct bnk_epilogue *epilogue, float *output, void *workspace) {
  const size_t pixels = plan->shape.batch * plan->output_height * plan->output_width;
  if (pixels == 0 || plan->shape.out_channels == 0) return;
  if (plan->algorithm == BNK_CONV2D_DIRECT) {
    bnk_conv2d_run_direct(plan, input, packed, epilogue, output, workspace);
  } else {
    bnk_conv2d_run_winograd(plan, input, packed, epilogue, output, workspace);
  }
}
