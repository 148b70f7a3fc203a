#include "bnk/array.h"

#include "bnk/dtype.h"
#include "bnk/threads.h"
#include "number.h"

struct top_k_job {
  const void *input;
  void *values, *indices;
  size_t columns, k;
};

// The outputs themselves are the heap: its root is the worst of the k best so far. Taking the root
// away to the end, again and again, leaves them in order.

#define TOP_K(NAME, TYPE, INDEX, KEY)                                                             \
  static inline bool NAME##_worse(TYPE a, INDEX i, TYPE b, INDEX j) {                             \
    return KEY(a) < KEY(b) || (!(KEY(b) < KEY(a)) && i > j);                                      \
  }                                                                                               \
  static inline void NAME##_sink(TYPE *values, INDEX *indices, size_t at, size_t count,           \
                                 TYPE value, INDEX index) {                                       \
    for (;;) {                                                                                    \
      size_t child = 2 * at + 1;                                                                  \
      if (child >= count) break;                                                                  \
      if (child + 1 < count && NAME##_worse(values[child + 1], indices[child + 1],                \
                                            values[child], indices[child])) {                     \
        child++;                                                                                  \
      }                                                                                           \
      if (!NAME##_worse(values[child], indices[child], value, index)) break;                      \
      values[at] = values[child];                                                                 \
      indices[at] = indices[child];                                                               \
      at = child;                                                                                 \
    }                                                                                             \
    values[at] = value;                                                                           \
    indices[at] = index;                                                                          \
  }                                                                                               \
  static void NAME##_range(void *context, size_t begin, size_t end) {                             \
    const struct top_k_job *job = context;                                                        \
    const size_t n = job->columns, k = job->k;                                                    \
    for (size_t row = begin; row < end; row++) {                                                  \
      const TYPE *in = (const TYPE *)job->input + row * n;                                        \
      TYPE *values = (TYPE *)job->values + row * k;                                               \
      INDEX *indices = (INDEX *)job->indices + row * k;                                           \
      for (size_t i = 0; i < k; i++) {                                                            \
        values[i] = in[i];                                                                        \
        indices[i] = (INDEX)i;                                                                    \
      }                                                                                           \
      for (size_t i = k / 2; i-- > 0;) {                                                          \
        NAME##_sink(values, indices, i, k, values[i], indices[i]);                                \
      }                                                                                           \
      for (size_t i = k; i < n; i++) {                                                            \
        if (KEY(values[0]) < KEY(in[i])) NAME##_sink(values, indices, 0, k, in[i], (INDEX)i);     \
      }                                                                                           \
      for (size_t left = k; left > 1; left--) {                                                   \
        const TYPE value = values[left - 1];                                                      \
        const INDEX index = indices[left - 1];                                                    \
        values[left - 1] = values[0];                                                             \
        indices[left - 1] = indices[0];                                                           \
        NAME##_sink(values, indices, 0, left - 1, value, index);                                  \
      }                                                                                           \
    }                                                                                             \
  }

#define PLAIN(x) (x)
#define BRAIN(x) bf16_to_float(x)

#define BY_INDEX(NAME, TYPE, KEY)           \
  TOP_K(NAME##_16, TYPE, int16_t, KEY)      \
  TOP_K(NAME##_32, TYPE, int32_t, KEY)      \
  TOP_K(NAME##_64, TYPE, int64_t, KEY)

BY_INDEX(f32, float, PLAIN)
BY_INDEX(f64, double, PLAIN)
BY_INDEX(f16, _Float16, (float))
BY_INDEX(bf16, uint16_t, BRAIN)
BY_INDEX(i8, int8_t, PLAIN)
BY_INDEX(i16, int16_t, PLAIN)
BY_INDEX(i32, int32_t, PLAIN)
BY_INDEX(i64, int64_t, PLAIN)
BY_INDEX(u8, uint8_t, PLAIN)
BY_INDEX(u16, uint16_t, PLAIN)
BY_INDEX(u32, uint32_t, PLAIN)
BY_INDEX(u64, uint64_t, PLAIN)

#define PICK(NAME) \
  (index_size == 2 ? NAME##_16_range : index_size == 4 ? NAME##_32_range : NAME##_64_range)

static bnk_range_fn pick(int dtype, size_t index_size) {
  switch (dtype) {
    case BNK_FLOAT: return PICK(f32);
    case BNK_DOUBLE: return PICK(f64);
    case BNK_HALF: return PICK(f16);
    case BNK_BFLOAT16: return PICK(bf16);
    case BNK_INT8: case BNK_QINT8: return PICK(i8);
    case BNK_INT16: case BNK_QINT16: return PICK(i16);
    case BNK_INT32: case BNK_QINT32: return PICK(i32);
    case BNK_INT64: return PICK(i64);
    case BNK_UINT8: case BNK_QUINT8: case BNK_BOOL: return PICK(u8);
    case BNK_UINT16: case BNK_QUINT16: return PICK(u16);
    case BNK_UINT32: return PICK(u32);
    case BNK_UINT64: return PICK(u64);
    default: return NULL;
  }
}

bool bnk_top_k(const void *input, void *values, void *indices, size_t rows, size_t columns, size_t k,
               int dtype, size_t index_size) {
  const bnk_range_fn range = pick(dtype, index_size);
  if (!range) return false;
  if (k == 0 || rows == 0) return true;
  struct top_k_job job = {input, values, indices, columns, k};
  bnk_parallel_for(rows, 20000 / columns + 1, range, &job);
  return true;
}
