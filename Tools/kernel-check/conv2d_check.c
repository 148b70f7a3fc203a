#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bnk/conv2d.h"
#include "bnk/threads.h"
#include "check.h"

static double sum_at(const struct bnk_conv2d_shape *s, const float *input, const float *weights,
                     size_t image, size_t oy, size_t ox, size_t channel) {
  const size_t inputs = s->in_channels / s->groups, outputs = s->out_channels / s->groups;
  const size_t first = channel / outputs * inputs;
  double sum = 0;
  for (size_t ky = 0; ky < s->kernel_height; ky++) {
    const size_t y = oy * s->stride_height + ky * s->dilation_height - s->pad_top;
    if (y >= s->height) continue;
    for (size_t kx = 0; kx < s->kernel_width; kx++) {
      const size_t x = ox * s->stride_width + kx * s->dilation_width - s->pad_left;
      if (x >= s->width) continue;
      const float *pixel =
          input + ((image * s->height + y) * s->width + x) * s->input_pixel_stride + first;
      const float *tap =
          weights + (ky * s->kernel_width + kx) * inputs * s->out_channels + channel;
      for (size_t c = 0; c < inputs; c++) sum += (double)pixel[c] * tap[c * s->out_channels];
    }
  }
  return sum;
}

static bool compare(const struct bnk_conv2d_plan *plan, const float *input, const float *weights,
                    const float *scale, const struct bnk_epilogue *e, const float *output) {
  const struct bnk_conv2d_shape *s = &plan->shape;
  const size_t pixels = s->batch * plan->output_height * plan->output_width;
  const double k = (double)(s->kernel_height * s->kernel_width * s->in_channels / s->groups);
  const double tolerance = (plan->algorithm == BNK_CONV2D_WINOGRAD_4 ? 2e-6 : 4e-7) * sqrt(k) + 6e-8 * k + 2e-6;
  const size_t step = (double)pixels * (double)s->out_channels * k > 3e6 ? pixels / 41 + 1 : 1;
  for (size_t pixel = 0; pixel < pixels; pixel += step) {
    const size_t x = pixel % plan->output_width, line = pixel / plan->output_width;
    for (size_t c = 0; c < s->out_channels; c++) {
      double sum = sum_at(s, input, weights, line / plan->output_height,
                          line % plan->output_height, x, c);
      if (scale) sum *= scale[c];
      const double wanted = reference_epilogue(e, sum, pixel, c);
      const float got = output[pixel * s->output_pixel_stride + c];
      if (!agrees("conv2d", pixel * s->out_channels + c, got, wanted, tolerance)) return false;
    }
    for (size_t c = s->out_channels; c < s->output_pixel_stride && pixel + 1 < pixels; c++) {
      if (!is_poison(output[pixel * s->output_pixel_stride + c])) {
        return agrees("gap", c, 0, 1, 0);
      }
    }
  }
  return true;
}

static void check_case(struct bnk_conv2d_shape s, enum bnk_conv2d_algorithm algorithm) {
  const size_t in_pixels = s.batch * s.height * s.width;
  const float *input = random_floats(in_pixels ? (in_pixels - 1) * s.input_pixel_stride + s.in_channels : 0);
  const size_t weight_floats =
      s.kernel_height * s.kernel_width * s.in_channels / s.groups * s.out_channels;
  const float *weights = random_floats(weight_floats);
  char *moved = guarded(weight_floats * sizeof(float) + 1);
  memcpy(moved, weights, weight_floats * sizeof(float));
  const float *scale = below(3) == 0 ? random_floats(s.out_channels) : NULL;
  struct bnk_epilogue e = {0};
  float *first = NULL;
  for (int threads = 1; threads <= 3; threads++) {
    bnk_set_threads(threads);
    struct bnk_conv2d_plan plan;
    bnk_conv2d_plan_with(&s, algorithm, &plan);
    const size_t pixels = s.batch * plan.output_height * plan.output_width;
    if (!first) e = random_epilogue(pixels, s.out_channels);
    float *packed = guarded(plan.packed_bytes);
    bnk_conv2d_pack_weights(&plan, moved, scale, packed);
    const size_t floats = pixels ? (pixels - 1) * s.output_pixel_stride + s.out_channels : 0;
    float *output = poisoned_floats(floats);
    bnk_conv2d_run(&plan, input, packed, &e, output, guarded(plan.workspace_bytes));
    const bool fine = first ? memcmp(first, output, floats * sizeof(float)) == 0
                            : compare(&plan, input, weights, scale, &e, output);
    record(fine,
           "conv2d %zux%zux%zux%zu kernel %zux%zu outputs %zu groups %zu strides %zu %zu dilations "
           "%zu %zu padding %zu %zu %zu %zu pixel strides %zu %zu algorithm %d activation %d%s%s%s",
           s.batch, s.height, s.width, s.in_channels, s.kernel_height, s.kernel_width,
           s.out_channels, s.groups, s.stride_height, s.stride_width, s.dilation_height,
           s.dilation_width, s.pad_top, s.pad_left, s.pad_bottom, s.pad_right,
           s.input_pixel_stride, s.output_pixel_stride, plan.algorithm, e.activation,
           e.residual ? " residual" : "", e.residual_after_activation ? " after" : "",
           first ? " (differs by threads)" : "");
    if (!first) first = output;
  }
  bnk_set_threads(0);
  release_all();
}

static struct bnk_conv2d_shape random_shape(void) {
  struct bnk_conv2d_shape s = {
      .batch = ONE_OF(1, 1, 2, 3, 7),
      .height = 1 + below(20),
      .width = 1 + below(20),
      .groups = ONE_OF(1, 1, 1, 2, 3),
      .kernel_height = 1 + below(5),
      .kernel_width = 1 + below(5),
      .stride_height = ONE_OF(1, 1, 2, 3),
      .stride_width = ONE_OF(1, 1, 2, 3),
      .dilation_height = ONE_OF(1, 1, 1, 2, 3),
      .dilation_width = ONE_OF(1, 1, 1, 2, 3),
      .pad_top = below(3),
      .pad_left = below(3),
      .pad_bottom = below(3),
      .pad_right = below(3),
  };
  s.in_channels = s.groups * ONE_OF(1, 2, 3, 4, 8, 16, 17, 31, 40);
  s.out_channels = s.groups * ONE_OF(1, 3, 8, 15, 16, 17, 24, 32, 33, 64, 70);
  s.input_pixel_stride = s.in_channels + below(2) * below(9);
  s.output_pixel_stride = s.out_channels + below(2) * below(9);
  if (below(4) == 0) s.pad_top = s.pad_left = s.pad_bottom = s.pad_right = 0;
  return s;
}

static struct bnk_conv2d_shape square(size_t batch, size_t size, size_t inputs, size_t kernel,
                                      size_t outputs, size_t stride, size_t padding) {
  return (struct bnk_conv2d_shape){
      .batch = batch, .height = size, .width = size, .in_channels = inputs,
      .kernel_height = kernel, .kernel_width = kernel, .out_channels = outputs, .groups = 1,
      .stride_height = stride, .stride_width = stride, .dilation_height = 1, .dilation_width = 1,
      .pad_top = padding, .pad_left = padding, .pad_bottom = padding, .pad_right = padding,
      .input_pixel_stride = inputs, .output_pixel_stride = outputs,
  };
}

void check_conv2d(void) {
  for (int i = 0; i < 250; i++) check_case(random_shape(), BNK_CONV2D_DIRECT);
  for (int i = 0; i < 160; i++) {
    struct bnk_conv2d_shape s = random_shape();
    s.kernel_height = s.kernel_width = 3;
    s.stride_height = s.stride_width = s.dilation_height = s.dilation_width = 1;
    s.in_channels /= s.groups, s.out_channels /= s.groups, s.groups = 1;
    s.height += 2, s.width += 2;
    check_case(s, i % 2 ? BNK_CONV2D_WINOGRAD_2 : BNK_CONV2D_WINOGRAD_4);
  }
  for (int i = 0; i < 400; i++) {
    struct bnk_conv2d_shape s = random_shape();
    s.in_channels = s.groups = 1 + below(80);
    s.out_channels = s.groups * ONE_OF(1, 1, 1, 2, 3);
    s.height += below(2) * below(40), s.width += below(2) * below(40);
    if (below(2)) {
      s.kernel_height = s.kernel_width = ONE_OF(3, 5);
      s.stride_height = s.stride_width = 1 + below(2);
      s.dilation_height = s.dilation_width = 1;
    }
    s.input_pixel_stride = s.in_channels + below(2) * below(9);
    s.output_pixel_stride = s.out_channels + below(2) * below(9);
    check_case(s, BNK_CONV2D_DEPTHWISE);
  }
  check_case(square(1, 40, 3, 7, 64, 2, 3), BNK_CONV2D_DIRECT);
  check_case(square(6, 12, 1024, 1, 64, 1, 0), BNK_CONV2D_DIRECT);
  check_case(square(1, 9, 512, 1, 128, 2, 0), BNK_CONV2D_DIRECT);
  check_case(square(1, 7, 1024, 3, 64, 1, 1), BNK_CONV2D_DIRECT);
  check_case(square(2, 28, 64, 3, 64, 1, 1), BNK_CONV2D_WINOGRAD_4);
  check_case(square(8, 28, 64, 3, 64, 1, 1), BNK_CONV2D_WINOGRAD_4);
  check_case(square(1, 14, 512, 3, 256, 1, 1), BNK_CONV2D_WINOGRAD_4);
  check_case(square(5, 14, 256, 3, 256, 1, 1), BNK_CONV2D_WINOGRAD_2);
}
