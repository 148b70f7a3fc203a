// Times packed GEMM on shapes of real models beside OpenBLAS.
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bnk/cpu.h"
#include "bnk/gemm.h"
#include "bnk/threads.h"
#include "peak.h"

static const struct {
  const char *name;
  int m, n, k;
} shapes[] = {
    {"resnet50 1x1 56 64>64", 3136, 64, 64},
    {"resnet50 1x1 56 64>256", 3136, 256, 64},
    {"resnet50 1x1 56 256>64", 3136, 64, 256},
    {"resnet50 1x1 28 512>128", 784, 128, 512},
    {"resnet50 1x1 28 128>512", 784, 512, 128},
    {"resnet50 1x1 14 1024>256", 196, 256, 1024},
    {"resnet50 1x1 14 256>1024", 196, 1024, 256},
    {"resnet50 1x1 7 2048>512", 49, 512, 2048},
    {"resnet50 1x1 7 512>2048", 49, 2048, 512},
    {"mobilenet 1x1 112 32>64", 12544, 64, 32},
    {"mobilenet 1x1 56 128>128", 3136, 128, 128},
    {"mobilenet 1x1 14 512>512", 196, 512, 512},
    {"mobilenet 1x1 7 1024>1024", 49, 1024, 1024},
    {"mobilenetv2 1x1 112 16>96", 12544, 96, 16},
    {"mobilenetv2 1x1 56 96>24", 3136, 24, 96},
    {"mobilenetv2 1x1 56 24>144", 3136, 144, 24},
    {"mobilenetv2 1x1 7 960>160", 49, 160, 960},
    {"mobilenetv2 1x1 7 320>1280", 49, 1280, 320},
    {"efficientnet 1x1 14 480>80", 196, 80, 480},
    {"densenet 1x1 14 800>128", 196, 128, 800},
    {"xception 1x1 19 728>728", 361, 728, 728},
    {"resnet50 dense", 1, 1000, 2048},
    {"vgg16 fc1", 1, 4096, 25088},
    {"vgg16 fc2", 1, 4096, 4096},
    {"vgg16 fc2 batch 32", 32, 4096, 4096},
    {"square 512", 512, 512, 512},
    {"square 1024", 1024, 1024, 1024},
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
  bnk_set_threads(threads);
  openblas_set_num_threads(threads);
  const double peak = measure_peak() * threads;
  printf("tier %s, %d threads, peak %.0f GFLOPS\n", bnk_tier_name(bnk_tier()), threads, peak);
  printf("%-30s %6s %6s %6s %8s %6s %8s %6s\n", "shape", "m", "n", "k", "GFLOPS", "peak",
         "OpenBLAS", "ratio");
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    if (!strstr(shapes[s].name, filter)) continue;
    const int m = shapes[s].m, n = shapes[s].n, k = shapes[s].k;
    float *a = filled((size_t)m * k), *b = filled((size_t)k * n), *c = filled((size_t)m * n);
    float *packed = filled(bnk_gemm_f32_packed_bytes(k, n) / sizeof(float));
    bnk_gemm_f32_pack_b(k, n, b, n, false, NULL, packed);
    const size_t bytes = bnk_gemm_f32_workspace_bytes(m, n, k, k);
    float *workspace = filled(bytes / sizeof(float));
    double ours = 1e9, theirs = 1e9;
    const double end = seconds() + 0.6;
    while (seconds() < end) {
      double start = seconds();
      bnk_gemm_f32(m, n, k, a, k, packed, NULL, c, n, workspace, bytes);
      double time = seconds() - start;
      if (time < ours) ours = time;
      start = seconds();
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, c, n);
      time = seconds() - start;
      if (time < theirs) theirs = time;
    }
    const double work = 2.0 * m * n * k * 1e-9;
    printf("%-30s %6d %6d %6d %8.1f %5.0f%% %8.1f %6.2f\n", shapes[s].name, m, n, k, work / ours,
           100 * work / ours / peak, work / theirs, theirs / ours);
    free(a), free(b), free(c), free(packed), free(workspace);
  }
}
