// The rate of fused multiply-adds that this processor reaches, and timing.
#ifndef PEAK_H
#define PEAK_H

#include <stdlib.h>
#include <time.h>

/// Seconds on the clock, or with CPU_TIME set in the environment those that this thread had a core,
/// which bears with a busy machine but makes sense for one thread only.
static inline double seconds(void) {
  static clockid_t clock = -1;
  if (clock < 0) clock = getenv("CPU_TIME") ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/// GFLOPS of one thread with the widest vectors.
double measure_peak(void);

#endif
