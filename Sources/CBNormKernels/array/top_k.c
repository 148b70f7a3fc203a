#include "bnk/array.h"

#include "bnk/dtype.h"
#include "bnk/threads.h"
#include "number.h"

struct top_k_job {
  const void *input;
  void *values, *indices;
  size_t columns, k;
  bool sorted;
};

// The k best elements lie in the outputs as a heap whose root is the worst of them. The moves are
// those of the standard library's heap, so that unsorted results have TensorFlow's order.

#define TOP_K(NAME, TYPE, INDEX, KEY)                                                             \
  struct NAME {                                                                                   \
    TYPE value;                                                                                   \
    INDEX index;                                                                                  \
  };                                                                                              \
  /* Larger, or equal and earlier. */                                                             \
  static inline bool NAME##_better(struct NAME a, struct NAME b) {                                \
    if (KEY(b.value) < KEY(a.value)) return true;                                                 \
    if (KEY(b.value) > KEY(a.value)) return false;                                                \
    return a.index < b.index;                                                                     \
  }                                                                                               \
  /* Element i of the heap; the one beyond its k places lies apart. */                            \
  static inline struct NAME NAME##_get(const TYPE *v, const INDEX *x, const struct NAME *apart,   \
                                       size_t k, size_t i) {                                      \
    return i == k ? *apart : (struct NAME){v[i], x[i]};                                           \
  }                                                                                               \
  static inline void NAME##_set(TYPE *v, INDEX *x, struct NAME *apart, size_t k, size_t i,        \
                                struct NAME e) {                                                  \
    if (i == k) {                                                                                 \
      *apart = e;                                                                                 \
    } else {                                                                                      \
      v[i] = e.value;                                                                             \
      x[i] = e.index;                                                                             \
    }                                                                                             \
  }                                                                                               \
  static inline void NAME##_raise(TYPE *v, INDEX *x, struct NAME *apart, size_t k, size_t top,    \
                                  size_t hole, struct NAME e) {                                   \
    while (hole > top) {                                                                          \
      const size_t parent = (hole - 1) / 2;                                                       \
      const struct NAME p = NAME##_get(v, x, apart, k, parent);                                   \
      if (!NAME##_better(p, e)) break;                                                            \
      NAME##_set(v, x, apart, k, hole, p);                                                        \
      hole = parent;                                                                              \
    }                                                                                             \
    NAME##_set(v, x, apart, k, hole, e);                                                          \
  }                                                                                               \
  /* Fills the hole with the worse child down to a leaf, then raises e from there. */             \
  static inline void NAME##_sink(TYPE *v, INDEX *x, struct NAME *apart, size_t k, size_t hole,    \
                                 size_t count, struct NAME e) {                                   \
    const size_t top = hole;                                                                      \
    size_t child = 2 * hole + 2;                                                                  \
    for (; child < count; child = 2 * hole + 2) {                                                 \
      if (NAME##_better(NAME##_get(v, x, apart, k, child),                                        \
                        NAME##_get(v, x, apart, k, child - 1))) {                                 \
        child--;                                                                                  \
      }                                                                                           \
      NAME##_set(v, x, apart, k, hole, NAME##_get(v, x, apart, k, child));                        \
      hole = child;                                                                               \
    }                                                                                             \
    if (child == count) {                                                                         \
      NAME##_set(v, x, apart, k, hole, NAME##_get(v, x, apart, k, child - 1));                    \
      hole = child - 1;                                                                           \
    }                                                                                             \
    NAME##_raise(v, x, apart, k, top, hole, e);                                                   \
  }                                                                                               \
  static void NAME##_row(const TYPE *in, TYPE *v, INDEX *x, size_t n, size_t k, bool sorted) {    \
    struct NAME apart = {0, 0};                                                                   \
    for (size_t i = 0; i < k; i++) {                                                              \
      v[i] = in[i];                                                                               \
      x[i] = (INDEX)i;                                                                            \
    }                                                                                             \
    const size_t count = n > k ? k + 1 : k;                                                       \
    if (n > k) apart = (struct NAME){in[k], (INDEX)k};                                            \
    for (size_t i = count / 2; i-- > 0;) {                                                        \
      NAME##_sink(v, x, &apart, k, i, count, NAME##_get(v, x, &apart, k, i));                     \
    }                                                                                             \
    if (n > k) NAME##_sink(v, x, &apart, k, 0, k, apart);                                         \
    for (size_t i = k + 1; i < n; i++) {                                                          \
      const struct NAME e = {in[i], (INDEX)i};                                                    \
      if (!NAME##_better(e, (struct NAME){v[0], x[0]})) continue;                                 \
      NAME##_sink(v, x, &apart, k, 0, k - 1, (struct NAME){v[k - 1], x[k - 1]});                  \
      NAME##_raise(v, x, &apart, k, 0, k - 1, e);                                                 \
    }                                                                                             \
    for (size_t left = k; left-- > 1 && (sorted || n == k);) {                                    \
      const struct NAME e = {v[left], x[left]};                                                   \
      v[left] = v[0];                                                                             \
      x[left] = x[0];                                                                             \
      NAME##_sink(v, x, &apart, k, 0, left, e);                                                   \
    }                                                                                             \
  }                                                                                               \
  static void NAME##_range(void *context, size_t begin, size_t end) {                             \
    const struct top_k_job *job = context;                                                        \
    const size_t n = job->columns, k = job->k;                                                    \
    for (size_t row = begin; row < end; row++) {                                                  \
      const TYPE *in = (const TYPE *)job->input + row * n;                                        \
      TYPE *v = (TYPE *)job->values + row * k;                                                    \
      INDEX *x = (INDEX *)job->indices + row * k;                                                 \
      if (k > 1) {                                                                                \
        NAME##_row(in, v, x, n, k, job->sorted);                                                  \
        continue;                                                                                 \
      }                                                                                           \
      size_t best = 0;                                                                            \
      for (size_t i = 1; i < n; i++) {                                                            \
        if (KEY(in[best]) < KEY(in[i])) best = i;                                                 \
      }                                                                                           \
      v[0] = in[best];                                                                            \
      x[0] = (INDEX)best;                                                                         \
    }                                                                                             \
  }

#define PLAIN(x) (x)
#define HALF(x) ((float)(x))
#define BRAIN(x) bf16_to_float(x)

#define BY_INDEX(NAME, TYPE, KEY)           \
  TOP_K(NAME##_16, TYPE, int16_t, KEY)      \
  TOP_K(NAME##_32, TYPE, int32_t, KEY)      \
  TOP_K(NAME##_64, TYPE, int64_t, KEY)

BY_INDEX(f32, float, PLAIN)
BY_INDEX(f64, double, PLAIN)
BY_INDEX(f16, _Float16, HALF)
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
               int dtype, size_t index_size, bool sorted) {
  const bnk_range_fn range = pick(dtype, index_size);
  if (!range) return false;
  if (k == 0 || rows == 0) return true;
  struct top_k_job job = {input, values, indices, columns, k, sorted};
  bnk_parallel_for(rows, 20000 / columns + 1, range, &job);
  return true;
}
