// What the machine can do, for rooflines: machine THREADS BYTES
//
// For each line of standard input, a number of seconds, prints one line of JSON: GFLOPS of fused
// multiply-adds over all threads, and the time of copying BYTES shared out between the threads.
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../kernel-bench/peak.h"

typedef struct {
  pthread_t thread;
  char *from, *to;
  size_t size;
  double until, best, *times;
  int count, room;
  double gflops;
  pthread_barrier_t *barrier;
  int leader;
  volatile int *stop;
} worker;

static void *measure_flops(void *argument) {
  worker *w = argument;
  pthread_barrier_wait(w->barrier);
  w->gflops = 0;
  do {
    const double gflops = measure_peak();
    if (gflops > w->gflops) w->gflops = gflops;
  } while (seconds() < w->until);
  return NULL;
}

// All threads start each copy together; the leader's clock covers the slowest.
static void *measure_copy(void *argument) {
  worker *w = argument;
  w->count = 0;
  while (1) {
    if (w->leader) *w->stop = w->count >= w->room || (w->count > 3 && seconds() > w->until);
    pthread_barrier_wait(w->barrier);
    if (*w->stop) return NULL;
    const double start = seconds();
    memcpy(w->to, w->from, w->size);
    pthread_barrier_wait(w->barrier);
    w->times[w->count++] = seconds() - start;
  }
}

static void run(worker *workers, int threads, double length, void *(*body)(void *)) {
  for (int i = 0; i < threads; i++) {
    workers[i].until = seconds() + length;
    pthread_create(&workers[i].thread, NULL, body, &workers[i]);
  }
  for (int i = 0; i < threads; i++) pthread_join(workers[i].thread, NULL);
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const int threads = atoi(argv[1]);
  const size_t bytes = strtoull(argv[2], NULL, 10);
  enum { room = 1 << 16 };
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, (unsigned)threads);
  volatile int stop = 0;
  worker *workers = calloc((size_t)threads, sizeof *workers);
  for (int i = 0; i < threads; i++) {
    const size_t size = (bytes / (size_t)threads + 63) & ~(size_t)63;
    workers[i] = (worker){.from = aligned_alloc(64, size), .to = aligned_alloc(64, size),
                          .size = size, .times = malloc(room * sizeof(double)), .room = room,
                          .barrier = &barrier, .leader = i == 0, .stop = &stop};
    memset(workers[i].from, 1, size);
    memset(workers[i].to, 2, size);
  }
  char line[256];
  puts("{}");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    const double length = strtod(line, NULL) / 2;
    run(workers, threads, length, measure_flops);
    double gflops = 0;
    for (int i = 0; i < threads; i++) gflops += workers[i].gflops;
    run(workers, threads, length, measure_copy);
    double *times = workers[0].times;
    qsort(times, (size_t)workers[0].count, sizeof *times, ascending);
    printf("{\"gflops\": %.3f, \"median_ms\": %.6f, \"min_ms\": %.6f, \"runs\": %d}\n", gflops,
           times[workers[0].count / 2] * 1e3, times[0] * 1e3, workers[0].count);
    fflush(stdout);
  }
}
