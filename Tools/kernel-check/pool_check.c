#include <float.h>
#include <math.h>
#include <string.h>

#include "bnk/pool2d.h"
#include "bnk/threads.h"
#include "check.h"

static double pooled(const struct bnk_pool2d_shape *s, bool average, const float *input,
                     size_t image, size_t oy, size_t ox, size_t c) {
  double result = average ? 0 : -(double)FLT_MAX;
  size_t count = 0;
  for (size_t ky = 0; ky < s->kernel_height; ky++) {
    for (size_t kx = 0; kx < s->kernel_width; kx++) {
      const size_t y = oy * s->stride_height + ky - s->pad_top;
      const size_t x = ox * s->stride_width + kx - s->pad_left;
      if (y >= s->height || x >= s->width) continue;
      const double value = input[((image * s->height + y) * s->width + x) * s->input_pixel_stride + c];
      count++;
      if (average) {
        result += value;
      } else if (value > result) {
        result = value;
      }
    }
  }
  return average ? result / (double)count : result;
}

static bool compare(const struct bnk_pool2d_shape *s, bool average, const float *input,
                    const float *output) {
  const size_t height = bnk_pool2d_output_height(s), width = bnk_pool2d_output_width(s);
  const size_t pixels = s->batch * height * width;
  for (size_t pixel = 0; pixel < pixels; pixel++) {
    for (size_t c = 0; c < s->channels; c++) {
      const double wanted = pooled(s, average, input, pixel / width / height,
                                   pixel / width % height, pixel % width, c);
      if (!agrees("pool", pixel * s->channels + c, output[pixel * s->output_pixel_stride + c],
                  wanted, average ? 1e-6 : 0)) {
        return false;
      }
    }
    for (size_t c = s->channels; c < s->output_pixel_stride && pixel + 1 < pixels; c++) {
      if (!is_poison(output[pixel * s->output_pixel_stride + c])) return agrees("gap", c, 0, 1, 0);
    }
  }
  return true;
}

static void check_case(bool average) {
  struct bnk_pool2d_shape s = {
      .batch = below(4), .height = 1 + below(15), .width = 1 + below(15), .channels = 1 + below(90),
      .kernel_height = 1 + below(5), .kernel_width = 1 + below(5),
      .stride_height = 1 + below(3), .stride_width = 1 + below(3),
      .pad_top = below(3), .pad_left = below(3), .pad_bottom = below(3), .pad_right = below(3),
  };
  s.input_pixel_stride = s.channels + below(2) * below(9);
  s.output_pixel_stride = s.channels + below(2) * below(9);
  const size_t in_pixels = s.batch * s.height * s.width;
  const size_t in_floats = in_pixels ? (in_pixels - 1) * s.input_pixel_stride + s.channels : 0;
  float *input = random_floats(in_floats);
  for (int i = 0; i < 5 && in_floats > 0 && below(2); i++) {
    input[below(in_floats)] = below(2) ? NAN : -INFINITY;
  }
  const size_t pixels = s.batch * bnk_pool2d_output_height(&s) * bnk_pool2d_output_width(&s);
  const size_t floats = pixels ? (pixels - 1) * s.output_pixel_stride + s.channels : 0;
  float *first = NULL;
  for (int threads = 1; threads <= 3; threads++) {
    bnk_set_threads(threads);
    float *output = poisoned_floats(floats);
    if (average) {
      bnk_average_pool2d_f32(&s, input, output);
    } else {
      bnk_max_pool2d_f32(&s, input, output);
    }
    const bool fine = first ? memcmp(first, output, floats * sizeof(float)) == 0
                            : compare(&s, average, input, output);
    record(fine, "pool average %d %zux%zux%zux%zu kernel %zux%zu strides %zu %zu", average,
           s.batch, s.height, s.width, s.channels, s.kernel_height, s.kernel_width,
           s.stride_height, s.stride_width);
    if (!first) first = output;
  }
  bnk_set_threads(0);
  release_all();
}

static void check_global(void) {
  const size_t batch = below(4), pixels = below(60), channels = 1 + below(200);
  const size_t stride = channels + below(2) * below(7);
  const size_t rows = batch * pixels;
  const float *input = random_floats(rows ? (rows - 1) * stride + channels : 0);
  float *output = poisoned_floats(batch * channels);
  bnk_set_threads(1 + (int)below(3));
  bnk_global_average_pool_f32(batch, pixels, channels, stride, input, channels, output);
  bool fine = true;
  for (size_t i = 0; fine && i < batch * channels; i++) {
    double sum = 0;
    for (size_t p = 0; p < pixels; p++) {
      sum += input[(i / channels * pixels + p) * stride + i % channels];
    }
    fine = agrees("global average", i, output[i], pixels ? sum / (double)pixels : NAN, 1e-6);
  }
  record(fine, "global average %zu x %zu x %zu", batch, pixels, channels);
  bnk_set_threads(0);
  release_all();
}

void check_pool(void) {
  for (int i = 0; i < 300; i++) check_case(i % 2);
  for (int i = 0; i < 100; i++) check_global();
}
