#include <string.h>

#include "../gemm/igemm.h"
#include "../gemm/pack.h"
#include "bnk/threads.h"
#include "conv2d.h"

/// In which parts TensorFlow sums up the channels of a window.
static size_t part_of(const struct bnk_conv2d_plan *plan) {
  const struct bnk_conv2d_shape *s = &plan->shape;
  if (s->kernel_height == 1 && s->kernel_width == 1) return bnk_depth_limit;
  const bool wide = s->kernel_height == 3 && s->kernel_width == 3 && s->stride_height == 1 &&
                    s->stride_width == 1 && s->groups == 1 && plan->output_width > 14;
  return wide && s->in_channels > 448 ? 448 : 0;
}

/// Where the taps of a window lie, from the address of its first one.
static struct bnk_segments window_segments(const struct bnk_conv2d_plan *plan) {
  const struct bnk_conv2d_shape *s = &plan->shape;
  const size_t channels = s->in_channels / s->groups;
  const size_t pixel = plan->copies ? plan->copy_pixel_stride : s->input_pixel_stride;
  const size_t line = (plan->copies ? plan->copy_width : s->width) * pixel;
  struct bnk_segments segments = {
      .outer_count = s->kernel_height,
      .outer_step = s->dilation_height * line,
      .inner_count = s->kernel_width,
      .inner_step = s->dilation_width * pixel,
      .run = channels,
  };
  const bool dense = segments.inner_step == channels && part_of(plan) == 0;
  if (dense || s->kernel_width == 1) {
    segments.run = channels * s->kernel_width;
    segments.inner_count = 1;
  }
  return segments;
}

/// The product of `batch` images, without the addresses.
static struct bnk_product product_of(const struct bnk_conv2d_plan *plan, size_t batch) {
  const struct bnk_conv2d_shape *s = &plan->shape;
  const size_t pixel = plan->copies ? plan->copy_pixel_stride : s->input_pixel_stride;
  const size_t width = plan->copies ? plan->copy_width : s->width;
  const size_t height = plan->copies ? plan->copy_height : s->height;
  return (struct bnk_product){
      .m = batch * plan->output_height * plan->output_width,
      .per_image = plan->output_height * plan->output_width,
      .per_line = plan->output_width,
      .image_step = height * width * pixel,
      .line_step = s->stride_height * width * pixel,
      .place_step = s->stride_width * pixel,
      .segments = window_segments(plan),
      // The order of TensorFlow's additions, to the last bit.
      .part = part_of(plan),
      .n = s->out_channels / s->groups,
      .ldc = s->output_pixel_stride,
      .strands = plan->by_image ? 1 : plan->strands,
  };
}

void bnk_conv2d_plan_direct(struct bnk_conv2d_plan *plan) {
  const struct bnk_conv2d_shape *s = &plan->shape;
  const bool pointwise = s->kernel_height == 1 && s->kernel_width == 1;
  const size_t step = s->stride_width * s->input_pixel_stride;
  const bool padded = s->pad_top || s->pad_left || s->pad_bottom || s->pad_right;
  const bool conflicts = !pointwise && s->groups == 1 && s->out_channels >= 64 &&
                         bnk_step_conflicts(step);
  // Taps next to each other make one long run if pixels have no gaps.
  const bool gaps = s->input_pixel_stride != s->in_channels;
  plan->copies = padded || conflicts || (gaps && s->in_channels < 16 && s->kernel_width > 1);
  if (plan->copies) {
    plan->copy_pixel_stride = s->in_channels;
    if (bnk_step_conflicts(s->stride_width * s->in_channels)) plan->copy_pixel_stride += 16;
    plan->copy_height = s->height + s->pad_top + s->pad_bottom;
    plan->copy_width = s->width + s->pad_left + s->pad_right;
  }
  const size_t image = plan->copy_height * plan->copy_width * plan->copy_pixel_stride;
  // One image after the other keeps its copy in a near cache.
  plan->by_image = plan->copies && s->batch >= 2 * plan->strands;
  const struct bnk_product product = product_of(plan, plan->by_image ? 1 : s->batch);
  plan->scratch_floats = s->groups == 1 ? bnk_product_scratch_floats(&product) : 0;
  const size_t copies = plan->by_image ? plan->strands : s->batch;
  const size_t floats = copies * image + plan->strands * plan->scratch_floats;
  plan->workspace_bytes = floats * sizeof(float);
  const struct bnk_igemm *engine = bnk_igemm_current();
  plan->packed_bytes = s->groups * sizeof(float) *
                       bnk_packed_floats(bnk_segments_length(&product.segments), product.n,
                                         (size_t)engine->vector);
}

void bnk_conv2d_pack_direct(const struct bnk_conv2d_plan *plan, const void *weights,
                            const float *scale, float *packed) {
  const struct bnk_conv2d_shape *s = &plan->shape;
  const size_t channels = s->in_channels / s->groups, n = s->out_channels / s->groups;
  const size_t floats = plan->packed_bytes / sizeof(float) / s->groups;
  for (size_t group = 0; group < s->groups; group++) {
    bnk_pack_columns(&(struct bnk_columns){
        .source = (const char *)weights + group * n * sizeof(float),
        .segments = {.outer_count = s->kernel_height * s->kernel_width,
                     .outer_step = channels,
                     .inner_count = 1,
                     .run = channels},
        .part = part_of(plan),
        .k_step = s->out_channels,
        .n = n,
        .n_step = 1,
        .scale = scale ? scale + group * n : NULL,
        .packed = packed + group * floats,
    });
  }
}

struct run {
  const struct bnk_conv2d_plan *plan;
  const float *input;
  const float *packed;
  struct bnk_epilogue epilogue;
  float *output;
  float *workspace;
};

/// Copies lines `begin`..<`end` (counted over all images of the copy) with zeros around them.
static void copy_lines(const struct bnk_conv2d_plan *plan, const float *input, float *copy,
                       size_t begin, size_t end) {
  const struct bnk_conv2d_shape *s = &plan->shape;
  const size_t to_step = plan->copy_pixel_stride, from_step = s->input_pixel_stride;
  for (size_t line = begin; line < end; line++) {
    float *to = copy + line * plan->copy_width * to_step;
    const size_t y = line % plan->copy_height;
    if (y < s->pad_top || y >= s->pad_top + s->height) {
      memset(to, 0, plan->copy_width * to_step * sizeof(float));
      continue;
    }
    const size_t from_line = line / plan->copy_height * s->height + y - s->pad_top;
    const float *from = input + from_line * s->width * from_step;
    memset(to, 0, s->pad_left * to_step * sizeof(float));
    to += s->pad_left * to_step;
    if (to_step == from_step) {
      // The last pixel of a slice ends before its stride does.
      const size_t floats = s->width ? (s->width - 1) * to_step + s->in_channels : 0;
      memcpy(to, from, floats * sizeof(float));
    } else {
      for (size_t x = 0; x < s->width; x++) {
        memcpy(to + x * to_step, from + x * from_step, s->in_channels * sizeof(float));
      }
    }
    memset(to + s->width * to_step, 0, s->pad_right * to_step * sizeof(float));
  }
}

static void copy_range(void *context, size_t begin, size_t end) {
  const struct run *run = context;
  copy_lines(run->plan, run->input, run->workspace, begin, end);
}

static void multiply(const struct run *run, struct bnk_product product, size_t first_row) {
  const struct bnk_conv2d_shape *s = &run->plan->shape;
  const size_t n = product.n, channels = s->in_channels / s->groups;
  const size_t packed_floats = run->plan->packed_bytes / sizeof(float) / s->groups;
  const float *input = product.input;
  for (size_t group = 0; group < s->groups; group++) {
    product.input = input + group * channels;
    product.packed = run->packed + group * packed_floats;
    product.c = run->output + first_row * product.ldc + group * n;
    product.epilogue = run->epilogue;
    struct bnk_epilogue *e = &product.epilogue;
    if (e->bias) e->bias += group * n;
    if (e->statistics) e->statistics += group * n;
    if (e->residual) e->residual += first_row * e->residual_stride + group * n;
    bnk_product_run(&product);
  }
}

/// Convolves every image whose number is `strand` modulo the number of strands.
static void run_images(void *context, size_t strand) {
  const struct run *run = context;
  const struct bnk_conv2d_plan *plan = run->plan;
  const struct bnk_conv2d_shape *s = &plan->shape;
  const size_t copy_floats = plan->copy_height * plan->copy_width * plan->copy_pixel_stride;
  float *copy = run->workspace + strand * (copy_floats + plan->scratch_floats);
  struct bnk_product product = product_of(plan, 1);
  product.input = copy;
  product.scratch = plan->scratch_floats ? copy + copy_floats : NULL;
  for (size_t image = strand; image < s->batch; image += plan->strands) {
    const float *input = run->input + image * s->height * s->width * s->input_pixel_stride;
    copy_lines(plan, input, copy, 0, plan->copy_height);
    multiply(run, product, image * product.m);
  }
}

void bnk_conv2d_run_direct(const struct bnk_conv2d_plan *plan, const float *input,
                           const float *packed, const struct bnk_epilogue *epilogue,
                           float *output, float *workspace) {
  struct run run = {plan, input, packed, {0}, output, workspace};
  if (epilogue) run.epilogue = *epilogue;
  if (plan->by_image) {
    bnk_parallel_tasks(plan->strands, run_images, &run);
    return;
  }
  const size_t batch = plan->shape.batch;
  struct bnk_product product = product_of(plan, batch);
  product.input = input;
  if (plan->copies) {
    bnk_parallel_for(batch * plan->copy_height, 16, copy_range, &run);
    product.input = workspace;
    workspace += batch * plan->copy_height * plan->copy_width * plan->copy_pixel_stride;
  }
  if (plan->scratch_floats) product.scratch = workspace;
  multiply(&run, product, 0);
}
