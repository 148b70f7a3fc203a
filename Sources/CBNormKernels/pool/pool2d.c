#include "pool2d.h"

#include "bnk/cpu.h"
#include "bnk/threads.h"

static const struct bnk_pool2d *current(void) {
#if defined(__x86_64__)
  switch (bnk_tier()) {
    case BNK_TIER_AVX512: return &bnk_pool2d__avx512;
    case BNK_TIER_AVX2: return &bnk_pool2d__avx2;
    default: break;
  }
#endif
  return &bnk_pool2d__portable;
}

static size_t windows(size_t size, size_t kernel, size_t stride) {
  return size < kernel ? 0 : (size - kernel) / stride + 1;
}

size_t bnk_pool2d_output_height(const struct bnk_pool2d_shape *s) {
  return windows(s->height + s->pad_top + s->pad_bottom, s->kernel_height, s->stride_height);
}

size_t bnk_pool2d_output_width(const struct bnk_pool2d_shape *s) {
  return windows(s->width + s->pad_left + s->pad_right, s->kernel_width, s->stride_width);
}

struct pooling {
  const struct bnk_pool2d_shape *shape;
  const struct bnk_pool2d *kernels;
  bool average;
  const float *input;
  float *output;
};

static void pool_lines(void *context, size_t begin, size_t end) {
  const struct pooling *p = context;
  for (size_t line = begin; line < end; line++) {
    p->kernels->line(p->shape, p->average, p->input, line, p->output);
  }
}

static void pool(const struct bnk_pool2d_shape *s, bool average, const float *input,
                 float *output) {
  const size_t lines = s->batch * bnk_pool2d_output_height(s);
  const size_t work = bnk_pool2d_output_width(s) * s->kernel_height * s->kernel_width *
                      s->channels;
  if (work == 0) return;
  struct pooling pooling = {s, current(), average, input, output};
  bnk_parallel_for(lines, 1 + 32768 / work, pool_lines, &pooling);
}

void bnk_max_pool2d_f32(const struct bnk_pool2d_shape *shape, const float *input, float *output) {
  pool(shape, false, input, output);
}

void bnk_average_pool2d_f32(const struct bnk_pool2d_shape *shape, const float *input,
                            float *output) {
  pool(shape, true, input, output);
}

struct global {
  const struct bnk_pool2d *kernels;
  size_t pixels, channels, stride, output_stride, parts;
  const float *input;
  float *output;
};

/// Channels of a task: whole cache lines of all pixels.
static const size_t part_channels = 64;

static void average_parts(void *context, size_t begin, size_t end) {
  const struct global *g = context;
  for (size_t task = begin; task < end; task++) {
    const size_t image = task / g->parts, c = task % g->parts * part_channels;
    const size_t left = g->channels - c;
    g->kernels->mean(g->pixels, left < part_channels ? left : part_channels, g->stride,
                     g->input + image * g->pixels * g->stride + c,
                     g->output + image * g->output_stride + c);
  }
}

void bnk_global_average_pool_f32(size_t batch, size_t pixels, size_t channels,
                                 size_t input_pixel_stride, const float *input,
                                 size_t output_stride, float *output) {
  struct global global = {
      .kernels = current(),
      .pixels = pixels,
      .channels = channels,
      .stride = input_pixel_stride,
      .output_stride = output_stride,
      .parts = (channels + part_channels - 1) / part_channels,
      .input = input,
      .output = output,
  };
  bnk_parallel_for(batch * global.parts, 1 + 512 / (pixels + 1), average_parts, &global);
}
