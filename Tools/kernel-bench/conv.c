// Times convolutions of real models with every algorithm: conv [threads] [filter] [batch] [copies].
// With more than one copy, calls take turns with copies of the weights, as a whole model does, so
// that weights come from far away.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bnk/conv2d.h"
#include "bnk/cpu.h"
#include "bnk/threads.h"
#include "peak.h"

static const struct {
  const char *name;
  int size, inputs, kernel_height, kernel_width, outputs, stride;
} shapes[] = {
    {"tiny 3x3 28 1>32", 28, 1, 3, 3, 32, 1},
    {"tiny 3x3 14 32>64", 14, 32, 3, 3, 64, 1},
    {"resnet50 7x7/2 224 3>64", 224, 3, 7, 7, 64, 2},
    {"resnet50 3x3 56 64>64", 56, 64, 3, 3, 64, 1},
    {"resnet50 3x3 28 128>128", 28, 128, 3, 3, 128, 1},
    {"resnet50 3x3 14 256>256", 14, 256, 3, 3, 256, 1},
    {"resnet50 3x3 7 512>512", 7, 512, 3, 3, 512, 1},
    {"resnet50 1x1/2 56 256>512", 56, 256, 1, 1, 512, 2},
    {"resnet50 1x1 56 64>256", 56, 64, 1, 1, 256, 1},
    {"resnet50 1x1 28 512>128", 28, 512, 1, 1, 128, 1},
    {"resnet50 1x1 14 1024>256", 14, 1024, 1, 1, 256, 1},
    {"resnet50 1x1 7 2048>512", 7, 2048, 1, 1, 512, 1},
    {"resnet50 1x1 7 512>2048", 7, 512, 1, 1, 2048, 1},
    {"vgg16 3x3 224 3>64", 224, 3, 3, 3, 64, 1},
    {"vgg16 3x3 224 64>64", 224, 64, 3, 3, 64, 1},
    {"vgg16 3x3 112 128>128", 112, 128, 3, 3, 128, 1},
    {"vgg16 3x3 56 256>256", 56, 256, 3, 3, 256, 1},
    {"vgg16 3x3 28 512>512", 28, 512, 3, 3, 512, 1},
    {"vgg16 3x3 14 512>512", 14, 512, 3, 3, 512, 1},
    {"mobilenet 3x3/2 224 3>32", 224, 3, 3, 3, 32, 2},
    {"mobilenet 1x1 112 32>64", 112, 32, 1, 1, 64, 1},
    {"mobilenet 1x1 14 512>512", 14, 512, 1, 1, 512, 1},
    {"mobilenet 1x1 7 1024>1024", 7, 1024, 1, 1, 1024, 1},
    {"mobilenetv2 1x1 112 16>96", 112, 16, 1, 1, 96, 1},
    {"mobilenetv2 1x1 56 144>24", 56, 144, 1, 1, 24, 1},
    {"mobilenetv3 1x1 28 72>40", 28, 72, 1, 1, 40, 1},
    {"efficientnet 1x1 14 672>112", 14, 672, 1, 1, 112, 1},
    {"densenet 3x3 56 128>32", 56, 128, 3, 3, 32, 1},
    {"densenet 3x3 28 128>32", 28, 128, 3, 3, 32, 1},
    {"densenet 3x3 14 128>32", 14, 128, 3, 3, 32, 1},
    {"densenet 3x3 7 128>32", 7, 128, 3, 3, 32, 1},
    {"densenet 1x1 28 384>128", 28, 384, 1, 1, 128, 1},
    {"inception 3x3 147 32>64", 147, 32, 3, 3, 64, 1},
    {"inception 3x3 71 80>192", 73, 80, 3, 3, 192, 1},
    {"inception 5x5 35 48>64", 35, 48, 5, 5, 64, 1},
    {"inception 3x3 35 96>96", 35, 96, 3, 3, 96, 1},
    {"inception 1x7 17 160>160", 17, 160, 1, 7, 160, 1},
    {"inception 7x1 17 192>192", 17, 192, 7, 1, 192, 1},
    {"inception 3x3/2 17 192>320", 17, 192, 3, 3, 320, 2},
    {"inception 1x3 8 384>384", 8, 384, 1, 3, 384, 1},
    {"xception 3x3 149 32>64", 149, 32, 3, 3, 64, 1},
    {"xception 1x1 19 728>728", 19, 728, 1, 1, 728, 1},
};

static float *filled(size_t bytes) {
  float *values = NULL;
  if (posix_memalign((void **)&values, 4096, bytes + 64)) exit(2);
  for (size_t i = 0; i < bytes / sizeof(float); i++) values[i] = (float)(i % 97) / 97 - 0.5f;
  return values;
}

static double time_plan(const struct bnk_conv2d_plan *plan, const float *input, float *output,
                        int copies) {
  const struct bnk_conv2d_shape *s = &plan->shape;
  float *weights = filled(s->kernel_height * s->kernel_width * s->in_channels * s->out_channels *
                          sizeof(float));
  float *packed[64];
  for (int i = 0; i < copies; i++) {
    packed[i] = filled(plan->packed_bytes);
    bnk_conv2d_pack_weights(plan, weights, NULL, packed[i]);
  }
  float *workspace = filled(plan->workspace_bytes);
  float *bias = filled(s->out_channels * sizeof(float));
  const struct bnk_epilogue epilogue = {.bias = bias, .activation = BNK_ACT_RELU};
  double best = 1e9;
  const double end = seconds() + 0.15;
  for (int turn = 0; turn < 3 * copies || seconds() < end; turn++) {
    const double start = seconds();
    bnk_conv2d_run(plan, input, packed[turn % copies], &epilogue, output, workspace);
    const double time = seconds() - start;
    if (time < best && turn >= copies) best = time;
  }
  for (int i = 0; i < copies; i++) free(packed[i]);
  free(weights), free(workspace), free(bias);
  return best;
}

int main(int argc, char **argv) {
  const int threads = argc > 1 ? atoi(argv[1]) : 1;
  const char *filter = argc > 2 ? argv[2] : "";
  const size_t batch = argc > 3 ? (size_t)atoi(argv[3]) : 1;
  const int copies = argc > 4 ? atoi(argv[4]) : 1;
  bnk_set_threads(threads);
  const double peak = measure_peak() * threads;
  printf("tier %s, %d threads, batch %zu, peak %.0f GFLOPS\n", bnk_tier_name(bnk_tier()), threads,
         batch, peak);
  printf("%-28s %8s %6s %9s %9s %9s %6s %s\n", "shape (us, GFLOPS of a direct sum)", "direct", "",
         "F(2x2)", "F(4x4)", "chosen", "", "algorithm");
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    if (!strstr(shapes[i].name, filter)) continue;
    const size_t height = (size_t)shapes[i].kernel_height, width = (size_t)shapes[i].kernel_width;
    const struct bnk_conv2d_shape s = {
        .batch = batch, .height = (size_t)shapes[i].size, .width = (size_t)shapes[i].size,
        .in_channels = (size_t)shapes[i].inputs, .kernel_height = height, .kernel_width = width,
        .out_channels = (size_t)shapes[i].outputs, .groups = 1,
        .stride_height = (size_t)shapes[i].stride, .stride_width = (size_t)shapes[i].stride,
        .dilation_height = 1, .dilation_width = 1, .pad_top = (height - 1) / 2,
        .pad_bottom = height / 2, .pad_left = (width - 1) / 2, .pad_right = width / 2,
        .input_pixel_stride = (size_t)shapes[i].inputs,
        .output_pixel_stride = (size_t)shapes[i].outputs,
    };
    struct bnk_conv2d_plan plan;
    bnk_conv2d_plan(&s, BNK_CONV2D_LOOSE, &plan);
    const enum bnk_conv2d_algorithm chosen = plan.algorithm;
    float *input = filled(batch * s.height * s.width * s.in_channels * sizeof(float));
    const size_t pixels = batch * plan.output_height * plan.output_width;
    float *output = filled(pixels * s.out_channels * sizeof(float));
    double times[5] = {0};
    for (int algorithm = 0; algorithm <= 4; algorithm += 2) {
      bnk_conv2d_plan_with(&s, (enum bnk_conv2d_algorithm)algorithm, &plan);
      if ((int)plan.algorithm == algorithm) times[algorithm] = time_plan(&plan, input, output, copies);
    }
    const double work = 2.0 * (double)(pixels * s.out_channels * s.in_channels * height * width);
    const double time = times[chosen];
    printf("%-28s %8.0f %5.0f%% %9.0f %9.0f %9.0f %5.0f%% %d\n", shapes[i].name, times[0] * 1e6,
           100 * work / times[0] * 1e-9 / peak, times[2] * 1e6, times[4] * 1e6,
           work / time * 1e-9, 100 * work / time * 1e-9 / peak, chosen);
    free(input), free(output);
  }
}
