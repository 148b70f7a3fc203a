// Times batch normalisation beside a copy: batch_norm [threads].
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bnk/batch_norm.h"
#include "bnk/cpu.h"
#include "bnk/threads.h"
#include "peak.h"

static const struct {
  size_t rows, channels;
} shapes[] = {{12544, 64},   {3136, 256},  {784, 512},    {196, 1024}, {49, 2048},
              {401408, 64}, {100352, 256}, {25088, 512}, {50176, 3},  {50176, 24}};

struct copying {
  char *to;
  const char *from;
};

static void copy_range(void *context, size_t begin, size_t end) {
  const struct copying *c = context;
  memcpy(c->to + begin, c->from + begin, end - begin);
}

int main(int argc, char **argv) {
  bnk_set_threads(argc > 1 ? atoi(argv[1]) : 1);
  static const enum bnk_dtype types[] = {BNK_FLOAT, BNK_HALF, BNK_BFLOAT16};
  printf("tier %s, %d threads; GB/s of bytes read and written\n", bnk_tier_name(bnk_tier()),
         bnk_threads());
  printf("%8s %8s %5s %8s %8s %8s %8s %8s\n", "rows", "channels", "type", "copy", "moments",
         "of read", "apply", "of copy");
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    for (int t = 0; t < 3; t++) {
      const size_t rows = shapes[s].rows, channels = shapes[s].channels;
      const size_t bytes = rows * channels * (types[t] == BNK_FLOAT ? 4 : 2);
      char *x, *y;
      if (posix_memalign((void **)&x, 64, bytes) || posix_memalign((void **)&y, 64, bytes)) return 2;
      memset(x, 0x3c, bytes), memset(y, 0, bytes);
      float *workspace = malloc(bnk_batch_norm_workspace_bytes(rows, channels));
      float *factors = calloc(4 * channels, sizeof(float));
      double copy = 1e9, moments = 1e9, apply = 1e9;
      const double end = seconds() + 0.25;
      while (seconds() < end) {
        double start = seconds();
        bnk_parallel_for(bytes, 65536, copy_range, &(struct copying){y, x});
        double time = seconds() - start;
        if (time < copy) copy = time;
        start = seconds();
        bnk_batch_norm_moments(types[t], rows, channels, x, factors, factors + channels, workspace);
        time = seconds() - start;
        if (time < moments) moments = time;
        start = seconds();
        bnk_batch_norm_apply(types[t], rows, channels, x, factors + 2 * channels,
                             factors + 3 * channels, BNK_ACT_RELU, 0, 0, y);
        time = seconds() - start;
        if (time < apply) apply = time;
      }
      const double size = (double)bytes * 1e-9;
      printf("%8zu %8zu %5s %8.1f %8.1f %7.0f%% %8.1f %7.0f%%\n", rows, channels,
             t == 0 ? "f32" : t == 1 ? "f16" : "bf16", 2 * size / copy, size / moments,
             100 * copy / 2 / moments, 2 * size / apply, 100 * copy / apply);
      free(x), free(y), free(workspace), free(factors);
    }
  }
}
