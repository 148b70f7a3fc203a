#include "bnk/quantization.h"
#include "bnk/threads.h"
#include "rounding.h"

#define GRAIN 16384

#define STEPS(SUFFIX, TYPE)                                                                       \
  struct job_##SUFFIX {                                                                           \
    const TYPE *x;                                                                                \
    TYPE *y;                                                                                      \
    struct bnk_channels channels;                                                                 \
    const struct bnk_steps_##SUFFIX *steps;                                                       \
    enum bnk_rounding rounding;                                                                   \
  };                                                                                              \
                                                                                                  \
  static inline void run_##SUFFIX(const TYPE *x, TYPE *y, size_t n, struct bnk_steps_##SUFFIX s,  \
                                  enum bnk_rounding rounding) {                                   \
    for (size_t i = 0; i < n; i++)                                                                \
      y[i] = round_##SUFFIX(clamp_##SUFFIX(x[i], s.low, s.high) * s.scale, rounding) * s.inverse; \
  }                                                                                               \
                                                                                                  \
  static void either_##SUFFIX(const struct job_##SUFFIX *job, size_t from, size_t n, size_t c) {  \
    if (job->rounding == BNK_ROUND_UP)                                                            \
      run_##SUFFIX(job->x + from, job->y + from, n, job->steps[c], BNK_ROUND_UP);                 \
    else                                                                                          \
      run_##SUFFIX(job->x + from, job->y + from, n, job->steps[c], BNK_ROUND_EVEN);               \
  }                                                                                               \
                                                                                                  \
  static void range_##SUFFIX(void *context, size_t begin, size_t end) {                           \
    const struct job_##SUFFIX *job = context;                                                     \
    const size_t depth = job->channels.depth, inner = job->channels.inner;                        \
    if (depth == 1) {                                                                             \
      either_##SUFFIX(job, begin, end - begin, 0);                                                \
      return;                                                                                     \
    }                                                                                             \
    for (size_t r = begin; r < end; r++) either_##SUFFIX(job, r * inner, inner, r % depth);       \
  }                                                                                               \
                                                                                                  \
  void bnk_round_to_steps_##SUFFIX(const TYPE *x, TYPE *y, struct bnk_channels channels,          \
                                   const struct bnk_steps_##SUFFIX *steps,                        \
                                   enum bnk_rounding rounding) {                                  \
    struct job_##SUFFIX job = {x, y, channels, steps, rounding};                                  \
    if (channels.outer == 0 || channels.depth == 0 || channels.inner == 0) return;                \
    if (channels.depth == 1)                                                                      \
      bnk_parallel_for(channels.outer * channels.inner, GRAIN, range_##SUFFIX, &job);             \
    else                                                                                          \
      bnk_parallel_for(channels.outer * channels.depth, 1 + GRAIN / channels.inner,               \
                       range_##SUFFIX, &job);                                                     \
  }                                                                                               \
                                                                                                  \
  void bnk_channel_range_##SUFFIX(const TYPE *x, struct bnk_channels channels, TYPE *low,         \
                                  TYPE *high) {                                                   \
    for (size_t c = 0; c < channels.depth; c++) {                                                 \
      low[c] = (TYPE)INFINITY;                                                                    \
      high[c] = -(TYPE)INFINITY;                                                                  \
    }                                                                                             \
    for (size_t r = 0; r < channels.outer * channels.depth; r++) {                                \
      const TYPE *p = x + r * channels.inner;                                                     \
      TYPE least = low[r % channels.depth], most = high[r % channels.depth];                      \
      for (size_t i = 0; i < channels.inner; i++) {                                               \
        least = p[i] < least ? p[i] : least;                                                      \
        most = p[i] > most ? p[i] : most;                                                         \
      }                                                                                           \
      low[r % channels.depth] = least;                                                            \
      high[r % channels.depth] = most;                                                            \
    }                                                                                             \
  }

STEPS(f32, float)
STEPS(f64, double)
