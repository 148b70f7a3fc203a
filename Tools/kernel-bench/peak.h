// The rate of fused multiply-adds that this processor reaches, and timing.
#ifndef PEAK_H
#define PEAK_H

#include <time.h>

static inline double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/// GFLOPS of one thread with the widest vectors.
double measure_peak(void);

#endif
