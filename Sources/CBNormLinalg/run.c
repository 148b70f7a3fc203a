#include <cblas.h>
#include <pthread.h>
#include <stdatomic.h>

#include "bnk/cpu.h"
#include "bnk/threads.h"
#include "dispatch.h"

static void single_thread(void) { openblas_set_num_threads(1); }

void bla_prepare(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, single_thread);
}

struct run {
  const struct bla_call *call;
  bla_function function;
  /// The first failure: number of the matrix times 16, plus the status.
  atomic_size_t failure;
};

static void work(void *context, size_t begin, size_t end) {
  struct run *run = context;
  for (size_t i = begin; i < end; i++) {
    const int status = run->function(run->call, i);
    if (status == BLA_OK) continue;
    const size_t failure = i * 16 + (size_t)status;
    size_t known = atomic_load(&run->failure);
    while (failure < known && !atomic_compare_exchange_weak(&run->failure, &known, failure)) {
    }
  }
}

enum bla_status bla_run(const struct bla_call *call, size_t *failed) {
  static const bla_function *const tables[BLA_TYPE_COUNT] = {
      bla_s_table, bla_d_table, bla_c_table, bla_z_table};
  bla_prepare();
  struct run run = {call, tables[call->type][call->op], SIZE_MAX};
  const double size = (double)(call->m > call->n ? call->m : call->n) + 1;
  const double cost = size * size * (size + call->k);
  bnk_parallel_for(call->batch, 1 + (size_t)(50000 / cost), work, &run);
  const size_t failure = atomic_load(&run.failure);
  if (failure == SIZE_MAX) return BLA_OK;
  *failed = failure / 16;
  return (enum bla_status)(failure % 16);
}
