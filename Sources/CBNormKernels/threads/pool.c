#define _GNU_SOURCE
#include "bnk/cpu.h"
#include "bnk/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

/// How long a thread looks for work, or the caller for the end of it, before it sleeps.
static const int64_t spin_nanoseconds = 50000;

/// Up to this many tasks are claimed by bit, so that a thread gets the same range call after call.
enum { claimed_by_bit = 32 };

/// The job that the pool works on. The fields are written by the caller that owns the pool, before
/// `pool.state` is published, and stay until every task is done: who claimed a task may read them.
struct job {
  bnk_task_fn task;
  bnk_range_fn range;
  void *context;
  size_t count;
  uint32_t tasks;
  size_t first_task;
  int threads;
};

static struct {
  atomic_bool owned;
  struct job job;
  /// High half: number of the job. Low half: a mask of unclaimed tasks (jobs of at most
  /// `claimed_by_bit` tasks) or how many are unclaimed. A claim names the job it belongs to, so a
  /// thread that wakes late cannot take a task of one job for another's.
  _Atomic uint64_t state;
  _Atomic uint32_t done;
  atomic_int sleepers;
  atomic_bool caller_sleeps;
  atomic_int wanted;
  int started;
  pthread_mutex_t mutex;
  pthread_cond_t work;
  pthread_cond_t finished;
} pool = {
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .work = PTHREAD_COND_INITIALIZER,
    .finished = PTHREAD_COND_INITIALIZER,
};

static _Thread_local bool inside;

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int available_cores(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

void bnk_set_threads(int count) {
  if (count <= 0) count = available_cores();
  if (count > BNK_MAX_THREADS) count = BNK_MAX_THREADS;
  atomic_store(&pool.wanted, count);
}

int bnk_threads(void) {
  int count = atomic_load_explicit(&pool.wanted, memory_order_relaxed);
  if (count == 0) {
    bnk_set_threads(0);
    count = atomic_load_explicit(&pool.wanted, memory_order_relaxed);
  }
  return count;
}

static void run_task(const struct job *job, uint32_t task) {
  if (job->task) {
    job->task(job->context, job->first_task + task);
    return;
  }
  const size_t each = job->count / job->tasks, extra = job->count % job->tasks;
  const size_t begin = task * each + (task < extra ? task : extra);
  job->range(job->context, begin, begin + each + (task < extra ? 1 : 0));
}

/// Claims a task of the job numbered `number`; `preferred` first where tasks are claimed by bit.
static bool claim(uint32_t number, bool by_bit, uint32_t tasks, uint32_t preferred,
                  uint32_t *task) {
  uint64_t state = atomic_load_explicit(&pool.state, memory_order_acquire);
  for (;;) {
    const uint32_t left = (uint32_t)state;
    if ((uint32_t)(state >> 32) != number || left == 0) return false;
    uint32_t next;
    if (by_bit) {
      const uint32_t own = preferred < claimed_by_bit ? 1u << preferred : 0;
      *task = left & own ? preferred : (uint32_t)__builtin_ctz(left);
      next = left & ~(1u << *task);
    } else {
      *task = tasks - left;
      next = left - 1;
    }
    const uint64_t wanted = (uint64_t)number << 32 | next;
    if (atomic_compare_exchange_weak_explicit(&pool.state, &state, wanted, memory_order_acq_rel,
                                              memory_order_acquire)) {
      return true;
    }
  }
}

/// Works on job `number` until nothing is left to claim.
static void work_on(uint32_t number, int thread) {
  // What is read here may belong to a later job, but then no claim for `number` succeeds.
  const uint32_t tasks = __atomic_load_n(&pool.job.tasks, __ATOMIC_RELAXED);
  if (thread >= __atomic_load_n(&pool.job.threads, __ATOMIC_RELAXED)) return;
  uint32_t task;
  while (claim(number, tasks <= claimed_by_bit, tasks, (uint32_t)thread, &task)) {
    run_task(&pool.job, task);
    const uint32_t done = atomic_fetch_add(&pool.done, 1) + 1;
    if (done == tasks && atomic_load(&pool.caller_sleeps)) {
      pthread_mutex_lock(&pool.mutex);
      pthread_cond_broadcast(&pool.finished);
      pthread_mutex_unlock(&pool.mutex);
    }
  }
}

static uint32_t job_number(void) { return (uint32_t)(atomic_load(&pool.state) >> 32); }

/// Returns the number of a job other than `last`, once there is one.
static uint32_t await_job(uint32_t last) {
  const int64_t end = now() + spin_nanoseconds;
  do {
    for (int i = 0; i < 64; i++) {
      const uint32_t number = job_number();
      if (number != last) return number;
      pause_briefly();
    }
  } while (now() < end);
  pthread_mutex_lock(&pool.mutex);
  atomic_fetch_add(&pool.sleepers, 1);
  uint32_t number;
  while ((number = job_number()) == last) pthread_cond_wait(&pool.work, &pool.mutex);
  atomic_fetch_sub(&pool.sleepers, 1);
  pthread_mutex_unlock(&pool.mutex);
  return number;
}

static void *worker(void *argument) {
  const int thread = (int)(intptr_t)argument;
  bnk_enter_ftz();
  inside = true;
  uint32_t last = 0;
  for (;;) {
    last = await_job(last);
    work_on(last, thread);
  }
  return NULL;
}

/// A forked child has none of the threads.
static void forget_threads(void) {
  pool.started = 0;
  atomic_store(&pool.owned, false);
  atomic_store(&pool.sleepers, 0);
  pthread_mutex_init(&pool.mutex, NULL);
  pthread_cond_init(&pool.work, NULL);
  pthread_cond_init(&pool.finished, NULL);
}

static void watch_fork(void) { pthread_atfork(NULL, NULL, forget_threads); }

/// Starts what is missing of `threads - 1` workers; only the owner of the pool calls it.
static void start_workers(int threads) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, watch_fork);
  while (pool.started < threads - 1) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, worker, (void *)(intptr_t)(pool.started + 1)) != 0) return;
    pthread_detach(thread);
    pool.started++;
  }
}

static void await_end(uint32_t tasks) {
  const int64_t end = now() + spin_nanoseconds;
  do {
    for (int i = 0; i < 64; i++) {
      if (atomic_load_explicit(&pool.done, memory_order_acquire) == tasks) return;
      pause_briefly();
    }
  } while (now() < end);
  pthread_mutex_lock(&pool.mutex);
  atomic_store(&pool.caller_sleeps, true);
  while (atomic_load(&pool.done) != tasks) pthread_cond_wait(&pool.finished, &pool.mutex);
  atomic_store(&pool.caller_sleeps, false);
  pthread_mutex_unlock(&pool.mutex);
}

/// Runs a job with the pool, which the caller owns.
static void run_job(struct job job) {
  start_workers(job.threads);
  // A thread that looks at the fields of the last job fails to claim and looks away.
  pool.job.task = job.task;
  pool.job.range = job.range;
  pool.job.context = job.context;
  pool.job.count = job.count;
  pool.job.first_task = job.first_task;
  __atomic_store_n(&pool.job.tasks, job.tasks, __ATOMIC_RELAXED);
  __atomic_store_n(&pool.job.threads, job.threads, __ATOMIC_RELAXED);
  atomic_store(&pool.done, 0);
  uint32_t number = job_number() + 1;
  if (number == 0) number = 1;
  const uint32_t left = job.tasks == claimed_by_bit ? UINT32_MAX
                        : job.tasks < claimed_by_bit ? (1u << job.tasks) - 1 : job.tasks;
  atomic_store(&pool.state, (uint64_t)number << 32 | left);
  if (atomic_load(&pool.sleepers) > 0) {
    pthread_mutex_lock(&pool.mutex);
    pthread_cond_broadcast(&pool.work);
    pthread_mutex_unlock(&pool.mutex);
  }
  inside = true;
  work_on(number, 0);
  inside = false;
  await_end(job.tasks);
}

static bool take_pool(void) {
  return !inside && !atomic_load_explicit(&pool.owned, memory_order_relaxed) &&
         !atomic_exchange(&pool.owned, true);
}

void bnk_parallel_for(size_t count, size_t grain, bnk_range_fn fn, void *context) {
  if (count == 0) return;
  if (grain == 0) grain = 1;
  const int threads = bnk_threads();
  size_t ranges = count / grain;
  if (ranges > (size_t)threads) ranges = (size_t)threads;
  if (ranges < 2 || !take_pool()) {
    fn(context, 0, count);
    return;
  }
  run_job((struct job){.range = fn, .context = context, .count = count,
                       .tasks = (uint32_t)ranges, .threads = threads});
  atomic_store(&pool.owned, false);
}

void bnk_parallel_tasks(size_t tasks, bnk_task_fn fn, void *context) {
  const int threads = bnk_threads();
  if (tasks < 2 || threads < 2 || !take_pool()) {
    for (size_t task = 0; task < tasks; task++) fn(context, task);
    return;
  }
  const size_t most = UINT32_MAX;
  for (size_t first = 0; first < tasks; first += most) {
    const size_t left = tasks - first;
    run_job((struct job){.task = fn, .context = context, .first_task = first,
                         .tasks = (uint32_t)(left < most ? left : most), .threads = threads});
  }
  atomic_store(&pool.owned, false);
}
