#include "bnk/array.h"

#include "bnk/dtype.h"
#include "bnk/threads.h"

#include <string.h>

struct one_hot_job {
  char *out;
  const void *indices;
  int index_dtype;
  size_t depth, inner, size;
  const char *on, *off;
};

static inline int64_t index_at(const void *indices, int dtype, size_t i) {
  switch (dtype) {
    case BNK_INT8: return ((const int8_t *)indices)[i];
    case BNK_UINT8: return ((const uint8_t *)indices)[i];
    case BNK_INT32: return ((const int32_t *)indices)[i];
    default: return ((const int64_t *)indices)[i];
  }
}

static void one_hot_range(void *context, size_t begin, size_t end) {
  const struct one_hot_job *job = context;
  const size_t plane = job->depth * job->inner, size = job->size;
  const int64_t dims = (int64_t)(plane * (end - begin)), one = 1, none = 0;
  struct bnk_copy fill;
  bnk_copy_prepare(&fill, size, 1, &dims, &none, &one);
  bnk_copy_run(&fill, job->off, job->out + begin * plane * size);
  for (size_t o = begin; o < end; o++) {
    for (size_t i = 0; i < job->inner; i++) {
      const int64_t index = index_at(job->indices, job->index_dtype, o * job->inner + i);
      if (index < 0 || (size_t)index >= job->depth) continue;
      memcpy(job->out + (o * plane + (size_t)index * job->inner + i) * size, job->on, size);
    }
  }
}

void bnk_one_hot(void *out, const void *indices, int index_dtype, size_t outer, size_t depth,
                 size_t inner, const void *on, const void *off, size_t size) {
  if (outer * depth * inner == 0) return;
  struct one_hot_job job = {out, indices, index_dtype, depth, inner, size, on, off};
  bnk_parallel_for(outer, 65536 / (depth * inner * size) + 1, one_hot_range, &job);
}
