#include "bnk/image_resize.h"
#include "real_types.h"

void bnk_real_to_f32(enum bnk_dtype dtype, const void *in, size_t count, float *out) {
  switch (dtype) {
#define CASE(DTYPE, name, T, TO, FROM)                             \
  case DTYPE: {                                                    \
    const T *x = in;                                               \
    for (size_t i = 0; i < count; i++) out[i] = TO(x[i]);          \
    break;                                                         \
  }
    BNK_REAL_TYPES(CASE)
#undef CASE
    default: break;
  }
}

void bnk_real_from_f32(enum bnk_dtype dtype, const float *in, size_t count, void *out) {
  switch (dtype) {
#define CASE(DTYPE, name, T, TO, FROM)                             \
  case DTYPE: {                                                    \
    T *y = out;                                                    \
    for (size_t i = 0; i < count; i++) y[i] = FROM(in[i]);         \
    break;                                                         \
  }
    BNK_REAL_TYPES(CASE)
#undef CASE
    default: break;
  }
}
