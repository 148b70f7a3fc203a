#include "depthwise.h"

#include <string.h>

#include "bnk/cpu.h"
#include "bnk/threads.h"
#include "conv2d.h"

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static size_t divided_up(size_t a, size_t b) { return (a + b - 1) / b; }

static const struct bnk_depthwise *current(void) {
#if defined(__x86_64__)
  switch (bnk_tier()) {
    case BNK_TIER_AVX512: return &bnk_depthwise__avx512;
    case BNK_TIER_AVX2: return &bnk_depthwise__avx2;
    default: break;
  }
#endif
  return &bnk_depthwise__portable;
}

static size_t taps_of(const struct bnk_conv2d_shape *s) {
  return s->kernel_height * s->kernel_width;
}

static size_t input_pixels(const struct bnk_conv2d_shape *s) {
  return s->batch * s->height * s->width;
}

void bnk_conv2d_plan_depthwise(struct bnk_conv2d_plan *plan) {
  const struct bnk_conv2d_shape *s = &plan->shape;
  const size_t vector = current()->vector;
  // After the weights of a vector of channels come the factors of their sums.
  plan->packed_bytes =
      divided_up(s->out_channels, vector) * vector * (taps_of(s) + 1) * sizeof(float);
  // Several outputs of a channel: it is repeated, so that each output has an input of its own.
  plan->copies = s->out_channels != s->in_channels;
  plan->workspace_bytes =
      plan->copies ? input_pixels(s) * s->out_channels * sizeof(float) : 0;
}

void bnk_conv2d_pack_depthwise(const struct bnk_conv2d_plan *plan, const void *weights,
                               const float *scale, float *packed) {
  const struct bnk_conv2d_shape *s = &plan->shape;
  const size_t vector = current()->vector, taps = taps_of(s), channels = s->out_channels;
  for (size_t c = 0; c < channels; c += vector) {
    const size_t lanes = smaller(vector, channels - c);
    for (size_t tap = 0; tap < taps; tap++, packed += vector) {
      const char *from = (const char *)weights + (tap * channels + c) * sizeof(float);
      memset(packed, 0, vector * sizeof(float));
      memcpy(packed, from, lanes * sizeof(float));
    }
    for (size_t i = 0; i < vector; i++) packed[i] = scale && i < lanes ? scale[c + i] : 1;
    packed += vector;
  }
}

struct run {
  const struct bnk_conv2d_plan *plan;
  const struct bnk_depthwise *kernel;
  const float *input;
  size_t pixel_step;
  const float *packed;
  struct bnk_epilogue epilogue;
  float *output;
  float *repeated;
  /// Tasks are made of so many lines, and of one of so many parts of the channels.
  size_t lines_at_once, parts;
};

static void repeat_channels(void *context, size_t begin, size_t end) {
  const struct run *run = context;
  const struct bnk_conv2d_shape *s = &run->plan->shape;
  const size_t times = s->out_channels / s->in_channels;
  for (size_t pixel = begin; pixel < end; pixel++) {
    const float *from = run->input + pixel * s->input_pixel_stride;
    float *to = run->repeated + pixel * s->out_channels;
    for (size_t c = 0; c < s->in_channels; c++) {
      for (size_t i = 0; i < times; i++) *to++ = from[c];
    }
  }
}

static void run_lines(void *context, size_t task) {
  const struct run *run = context;
  const struct bnk_conv2d_plan *plan = run->plan;
  const struct bnk_conv2d_shape *s = &plan->shape;
  const size_t vectors = divided_up(s->out_channels, run->kernel->vector);
  const size_t part = task % run->parts;
  const size_t first = task / run->parts * run->lines_at_once;
  const size_t end = smaller(first + run->lines_at_once, s->batch * plan->output_height);
  struct bnk_depthwise_line line = {
      .plan = plan,
      .pixel_step = run->pixel_step,
      .first = vectors * part / run->parts * run->kernel->vector,
      .end = smaller(vectors * (part + 1) / run->parts * run->kernel->vector, s->out_channels),
      .packed = run->packed,
      .epilogue = run->epilogue,
  };
  for (size_t i = first; i < end; i++) {
    const size_t image = i / plan->output_height, pixel = i * plan->output_width;
    line.y = i % plan->output_height;
    line.image = run->input + image * s->height * s->width * run->pixel_step;
    line.output = run->output + pixel * s->output_pixel_stride;
    if (run->epilogue.residual) {
      line.epilogue.residual = run->epilogue.residual + pixel * run->epilogue.residual_stride;
    }
    run->kernel->line(&line);
  }
}

/// Cuts the work so that there are a few tasks for each thread, none too small.
static void choose_tasks(struct run *run, size_t lines) {
  const struct bnk_conv2d_shape *s = &run->plan->shape;
  const size_t threads = (size_t)bnk_threads();
  run->lines_at_once = lines;
  run->parts = 1;
  if (threads == 1) return;
  const double work = (double)(lines * run->plan->output_width) *
                      (double)(s->out_channels * (taps_of(s) + 4));
  const size_t wanted = smaller(4 * threads, (size_t)(work / 65536) + 1);
  run->lines_at_once = divided_up(lines, smaller(wanted, lines));
  const size_t groups = divided_up(lines, run->lines_at_once);
  const size_t most = larger(s->out_channels / (4 * run->kernel->vector), 1);
  run->parts = smaller(divided_up(wanted, groups), most);
}

void bnk_conv2d_run_depthwise(const struct bnk_conv2d_plan *plan, const float *input,
                              const float *packed, const struct bnk_epilogue *epilogue,
                              float *output, float *workspace) {
  const struct bnk_conv2d_shape *s = &plan->shape;
  struct run run = {.plan = plan, .kernel = current(), .input = input,
                    .pixel_step = s->input_pixel_stride, .packed = packed, .output = output};
  if (epilogue) run.epilogue = *epilogue;
  if (plan->copies) {
    run.repeated = workspace;
    bnk_parallel_for(input_pixels(s), 1 + 65536 / s->out_channels, repeat_channels, &run);
    run.input = workspace;
    run.pixel_step = s->out_channels;
  }
  const size_t lines = s->batch * plan->output_height;
  choose_tasks(&run, lines);
  bnk_parallel_tasks(divided_up(lines, run.lines_at_once) * run.parts, run_lines, &run);
}
