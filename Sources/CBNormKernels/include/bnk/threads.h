#ifndef BNK_THREADS_H
#define BNK_THREADS_H

#include <stddef.h>

/// The largest number of threads that the pool uses.
#define BNK_MAX_THREADS 256

/// Sets the number of threads that work on a call, the caller included; zero or less means the
/// number of cores that the process may run on, which is also the initial value. Threads are
/// created when they are first needed.
void bnk_set_threads(int count);

/// The number of threads that work on a call, the caller included.
int bnk_threads(void);

typedef void (*bnk_range_fn)(void *context, size_t begin, size_t end);
typedef void (*bnk_task_fn)(void *context, size_t task);

/// Splits 0..<count into at most `bnk_threads()` contiguous ranges of nearly equal length, each at
/// least `grain` long (unless `count` is smaller), runs `fn` on each and returns when all are done.
/// Runs `fn` once on the calling thread when there is one range only, when the pool works for
/// another caller, or when called from inside a pool task. Does nothing when `count` is 0.
///
/// How often and with which ranges `fn` is called depends on the number of threads: a result must
/// not depend on it.
void bnk_parallel_for(size_t count, size_t grain, bnk_range_fn fn, void *context);

/// Runs `fn` for every task in 0..<tasks, each taken by the next thread that is free, and returns
/// when all are done. Runs them in order on the calling thread in the cases named above.
///
/// Worker threads flush denormals to zero; the caller's own mode is left alone, see
/// `bnk_enter_ftz`.
void bnk_parallel_tasks(size_t tasks, bnk_task_fn fn, void *context);

#endif
