#include "conv2d.h"

#include <stdatomic.h>

#include "bnk/threads.h"

static _Atomic(enum bnk_conv2d_policy) policy;

void bnk_conv2d_set_policy(enum bnk_conv2d_policy value) { atomic_store(&policy, value); }
enum bnk_conv2d_policy bnk_conv2d_current_policy(void) { return atomic_load(&policy); }

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
  const bool winograd = algorithm == BNK_CONV2D_WINOGRAD_2 || algorithm == BNK_CONV2D_WINOGRAD_4;
  const bool fits = s->kernel_height == 3 && s->kernel_width == 3 && s->stride_height == 1 &&
                    s->stride_width == 1 && s->dilation_height == 1 && s->dilation_width == 1 &&
                    s->groups == 1;
  if (algorithm == BNK_CONV2D_DEPTHWISE && s->groups == s->in_channels) {
    plan->algorithm = algorithm;
    bnk_conv2d_plan_depthwise(plan);
  } else if (winograd && fits) {
    plan->algorithm = algorithm;
    bnk_conv2d_plan_winograd(plan);
  } else {
    plan->algorithm = BNK_CONV2D_DIRECT;
    bnk_conv2d_plan_direct(plan);
  }
}

/// Nanoseconds that an algorithm takes on one core, roughly. What counts are the ratios: the rates
/// are those of a processor with 512-bit vectors, and weights are assumed to come from memory, as
/// they do when a model is run once.
static double estimated_time(const struct bnk_conv2d_plan *plan) {
  const struct bnk_conv2d_shape *s = &plan->shape;
  const double operations_per_ns = 112, bytes_per_ns = 18, transform_ns = 55;
  const double channels = (double)s->in_channels * (double)s->out_channels;
  double operations, transforms = 0;
  if (plan->algorithm == BNK_CONV2D_DIRECT) {
    operations = 18 * channels * (double)(s->batch * plan->output_height * plan->output_width);
  } else {
    const size_t m = (size_t)plan->algorithm;
    const double planes = (double)((m + 2) * (m + 2));
    const double tiles = (double)(s->batch * ((plan->output_height + m - 1) / m) *
                                  ((plan->output_width + m - 1) / m));
    operations = 2 * planes * tiles * channels;
    const size_t vectors = (s->in_channels + 15) / 16 + (s->out_channels + 15) / 16;
    transforms = tiles * (double)vectors * transform_ns * planes / 36;
  }
  const double computing = operations / operations_per_ns;
  const double reading = (double)plan->packed_bytes / bytes_per_ns;
  return (computing > reading ? computing : reading) + transforms;
}

/// Lines of the largest map on which a convolution that has to be close is Winograd's.
static const size_t small_map = 14;

void bnk_conv2d_plan(const struct bnk_conv2d_shape *shape, enum bnk_conv2d_rounding rounding,
                     struct bnk_conv2d_plan *plan) {
  const bool depthwise = shape->groups > 1 && shape->groups == shape->in_channels;
  bnk_conv2d_plan_with(shape, depthwise ? BNK_CONV2D_DEPTHWISE : BNK_CONV2D_DIRECT, plan);
  // With few channels the transforms cost more than they save.
  if (shape->in_channels < 16 || shape->out_channels < 16) return;
  const enum bnk_conv2d_policy policy = bnk_conv2d_current_policy();
  if (policy == BNK_CONV2D_EXACT) return;
  const bool loose = rounding == BNK_CONV2D_LOOSE || policy == BNK_CONV2D_RELAXED;
  if (!loose && plan->output_height > small_map) return;
  const int most = loose ? BNK_CONV2D_WINOGRAD_4 : BNK_CONV2D_WINOGRAD_2;
  double best = estimated_time(plan);
  for (int m = BNK_CONV2D_WINOGRAD_2; m <= most; m += 2) {
    struct bnk_conv2d_plan other;
    bnk_conv2d_plan_with(shape, (enum bnk_conv2d_algorithm)m, &other);
    if (other.algorithm == BNK_CONV2D_DIRECT) return;
    const double time = estimated_time(&other);
    if (time < best) {
      best = time;
      *plan = other;
    }
  }
}

void bnk_conv2d_pack_weights(const struct bnk_conv2d_plan *plan, const void *weights,
                             const float *scale, float *packed) {
  switch (plan->algorithm) {
    case BNK_CONV2D_DIRECT: bnk_conv2d_pack_direct(plan, weights, scale, packed); break;
    case BNK_CONV2D_DEPTHWISE: bnk_conv2d_pack_depthwise(plan, weights, scale, packed); break;
    default: bnk_conv2d_pack_winograd(plan, weights, scale, packed);
  }
}

void bnk_conv2d_run(const struct bnk_conv2d_plan *plan, const float *input, const float *packed,
                    const struct bnk_epilogue *epilogue, float *output, void *workspace) {
  const size_t pixels = plan->shape.batch * plan->output_height * plan->output_width;
  if (pixels == 0 || plan->shape.out_channels == 0) return;
  switch (plan->algorithm) {
    case BNK_CONV2D_DIRECT:
      bnk_conv2d_run_direct(plan, input, packed, epilogue, output, workspace);
      break;
    case BNK_CONV2D_DEPTHWISE:
      bnk_conv2d_run_depthwise(plan, input, packed, epilogue, output, workspace);
      break;
    default: bnk_conv2d_run_winograd(plan, input, packed, epilogue, output, workspace);
  }
}
