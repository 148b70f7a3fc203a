#include <pthread.h>
#include <stdatomic.h>

#include "bnk/threads.h"
#include "check.h"

static void add_range(void *context, size_t begin, size_t end) {
  size_t sum = 0;
  for (size_t i = begin; i < end; i++) sum += i;
  atomic_fetch_add((atomic_size_t *)context, sum);
}

static void add_task(void *context, size_t task) {
  // A call from inside a task runs on the same thread.
  atomic_size_t inner = 0;
  bnk_parallel_for(10, 1, add_range, &inner);
  atomic_fetch_add((atomic_size_t *)context, inner == 45 ? task : 1000000);
}

static void *work(void *result) {
  bool fine = true;
  for (size_t i = 0; i < 2000; i++) {
    const size_t count = i % 97;
    const size_t wanted = count ? count * (count - 1) / 2 : 0;
    atomic_size_t sum = 0;
    bnk_parallel_for(count, i % 5, add_range, &sum);
    fine = fine && sum == wanted;
    sum = 0;
    bnk_parallel_tasks(count, add_task, &sum);
    fine = fine && sum == wanted;
  }
  *(bool *)result = fine;
  return NULL;
}

void check_threads(void) {
  for (int threads = 1; threads <= 4; threads++) {
    bnk_set_threads(threads);
    pthread_t callers[3];
    bool fine[3];
    for (int i = 0; i < 3; i++) pthread_create(&callers[i], NULL, work, &fine[i]);
    for (int i = 0; i < 3; i++) {
      pthread_join(callers[i], NULL);
      record(fine[i], "threads");
    }
  }
  bnk_set_threads(0);
}
