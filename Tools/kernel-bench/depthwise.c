// Times depthwise convolutions of real models beside a copy of the same bytes:
// depthwise [threads] [filter] [batch].
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bnk/conv2d.h"
#include "bnk/cpu.h"
#include "bnk/threads.h"
#include "peak.h"

static const struct {
  const char *name;
  int size, channels, kernel, stride;
} shapes[] = {
    {"mobilenet 112x32 3x3", 112, 32, 3, 1},     {"mobilenet 112x64 3x3/2", 113, 64, 3, 2},
    {"mobilenet 56x128 3x3", 56, 128, 3, 1},     {"mobilenet 56x128 3x3/2", 57, 128, 3, 2},
    {"mobilenet 28x256 3x3", 28, 256, 3, 1},     {"mobilenet 14x512 3x3", 14, 512, 3, 1},
    {"mobilenet 7x1024 3x3", 7, 1024, 3, 1},     {"mobilenetv2 112x96 3x3/2", 113, 96, 3, 2},
    {"mobilenetv2 56x144 3x3", 56, 144, 3, 1},   {"mobilenetv2 7x960 3x3", 7, 960, 3, 1},
    {"mobilenetv3 28x72 5x5/2", 59, 72, 5, 2},   {"mobilenetv3 28x120 5x5", 28, 120, 5, 1},
    {"mobilenetv3 14x200 3x3", 14, 200, 3, 1},   {"mobilenetv3 7x960 5x5", 7, 960, 5, 1},
    {"efficientnet 28x240 5x5", 28, 240, 5, 1},  {"efficientnet 14x672 5x5", 14, 672, 5, 1},
    {"efficientnet 7x1152 5x5", 7, 1152, 5, 1},  {"xception 147x128 3x3", 147, 128, 3, 1},
    {"xception 37x728 3x3", 37, 728, 3, 1},      {"xception 19x728 3x3", 19, 728, 3, 1},
};

static float *filled(size_t count) {
  float *values = NULL;
  if (posix_memalign((void **)&values, 64, count * sizeof(float) + 64)) exit(2);
  for (size_t i = 0; i < count; i++) values[i] = (float)(i % 97) / 97 - 0.5f;
  return values;
}

int main(int argc, char **argv) {
  const int threads = argc > 1 ? atoi(argv[1]) : 1;
  const char *filter = argc > 2 ? argv[2] : "";
  const size_t batch = argc > 3 ? (size_t)atoi(argv[3]) : 1;
  bnk_set_threads(threads);
  const double peak = measure_peak() * threads;
  printf("tier %s, %d threads, batch %zu, peak %.0f GFLOPS\n", bnk_tier_name(bnk_tier()), threads,
         batch, peak);
  printf("%-28s %8s %8s %6s %8s %9s\n", "shape", "us", "GFLOPS", "peak", "GB/s", "copy us");
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    if (!strstr(shapes[i].name, filter)) continue;
    const size_t size = (size_t)shapes[i].size, channels = (size_t)shapes[i].channels;
    const size_t kernel = (size_t)shapes[i].kernel, stride = (size_t)shapes[i].stride;
    const size_t pad = stride == 1 ? kernel / 2 : 0;
    const struct bnk_conv2d_shape s = {
        .batch = batch, .height = size, .width = size, .in_channels = channels,
        .kernel_height = kernel, .kernel_width = kernel, .out_channels = channels,
        .groups = channels, .stride_height = stride, .stride_width = stride, .dilation_height = 1,
        .dilation_width = 1, .pad_top = pad, .pad_bottom = pad, .pad_left = pad, .pad_right = pad,
        .input_pixel_stride = channels, .output_pixel_stride = channels,
    };
    struct bnk_conv2d_plan plan;
    bnk_conv2d_plan(&s, BNK_CONV2D_LOOSE, &plan);
    const size_t in_count = batch * size * size * channels;
    const size_t out_count = batch * plan.output_height * plan.output_width * channels;
    float *input = filled(in_count), *output = filled(out_count), *packed = filled(plan.packed_bytes / 4);
    float *weights = filled(kernel * kernel * channels), *bias = filled(channels);
    bnk_conv2d_pack_weights(&plan, weights, NULL, packed);
    const struct bnk_epilogue epilogue = {.bias = bias, .activation = BNK_ACT_RELU6};
    double best = 1e9, copying = 1e9;
    const double end = seconds() + 0.2;
    while (seconds() < end) {
      double start = seconds();
      bnk_conv2d_run(&plan, input, packed, &epilogue, output, NULL);
      double time = seconds() - start;
      if (time < best) best = time;
      start = seconds();
      memcpy(output, input, out_count * sizeof(float));
      time = (seconds() - start) * (double)(in_count + out_count) / (double)(2 * out_count);
      if (time < copying) copying = time;
    }
    const double work = 2.0 * (double)(out_count * kernel * kernel) * 1e-9;
    printf("%-28s %8.1f %8.1f %5.0f%% %8.1f %9.1f\n", shapes[i].name, best * 1e6, work / best,
           100 * work / best / peak, (double)(in_count + out_count) * 4e-9 / best, copying * 1e6);
    free(input), free(output), free(packed), free(weights), free(bias);
  }
}
