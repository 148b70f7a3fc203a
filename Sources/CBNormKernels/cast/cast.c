#include "bnk/cast.h"

#include <stdint.h>
#include <string.h>

#include "bnk/cpu.h"
#include "bnk/threads.h"
#include "../math/dtype_size.h"
#include "cast_tables.h"
#include "float8.h"

/// The dtype of the table that stands for `dtype` on the way: the parts of complex numbers, float
/// for float8, int8 for int4.
static enum bnk_dtype hub(enum bnk_dtype dtype) {
  switch (dtype) {
    case BNK_COMPLEX64:
    case BNK_FLOAT8_E5M2:
    case BNK_FLOAT8_E4M3FN: return BNK_FLOAT;
    case BNK_COMPLEX128: return BNK_DOUBLE;
    case BNK_INT4:
    case BNK_QINT8: return BNK_INT8;
    case BNK_UINT4:
    case BNK_QUINT8: return BNK_UINT8;
    case BNK_QINT16: return BNK_INT16;
    case BNK_QUINT16: return BNK_UINT16;
    case BNK_QINT32: return BNK_INT32;
    default: return dtype;
  }
}

static int is_complex(enum bnk_dtype dtype) {
  return dtype == BNK_COMPLEX64 || dtype == BNK_COMPLEX128;
}

static bnk_cast_fn loop(enum bnk_dtype from, enum bnk_dtype to) {
  if ((unsigned)from >= BNK_CAST_DTYPES || (unsigned)to >= BNK_CAST_DTYPES) return NULL;
  switch (bnk_tier()) {
#if defined(__x86_64__)
    case BNK_TIER_AVX512: return bnk_cast_table__avx512[from][to];
    case BNK_TIER_AVX2: return bnk_cast_table__avx2[from][to];
#endif
    default: return bnk_cast_table__portable[from][to];
  }
}

int bnk_can_cast(enum bnk_dtype from, enum bnk_dtype to) {
  return from == to || hub(from) == hub(to) || loop(hub(from), hub(to)) != NULL;
}

// A multiple of every packet length of the loops.
#define BLOCK 1024

struct job {
  enum bnk_dtype from, to;
  bnk_cast_fn fn;  // NULL when the hubs are the same.
  int cut;         // Mantissa bits to clear before the conversion, or
  int cut_after;   // in float, before it is packed.
  size_t step;     // Elements that the loop takes at a time.
  const char *x;
  char *y;
  size_t n;
};

/// `n` elements of `dtype` as their hub; returns `x` itself when nothing is to be done.
static const void *unpack(enum bnk_dtype dtype, const void *x, void *buffer, size_t n) {
  switch (dtype) {
    case BNK_COMPLEX64:
      for (size_t i = 0; i < n; i++) ((float *)buffer)[i] = ((const float *)x)[2 * i];
      return buffer;
    case BNK_COMPLEX128:
      for (size_t i = 0; i < n; i++) ((double *)buffer)[i] = ((const double *)x)[2 * i];
      return buffer;
    case BNK_FLOAT8_E5M2:
      for (size_t i = 0; i < n; i++)
        ((float *)buffer)[i] = bnk_f32_from_f8(((const uint8_t *)x)[i], 2, 0);
      return buffer;
    case BNK_FLOAT8_E4M3FN:
      for (size_t i = 0; i < n; i++)
        ((float *)buffer)[i] = bnk_f32_from_f8(((const uint8_t *)x)[i], 3, 1);
      return buffer;
    case BNK_INT4:
      for (size_t i = 0; i < n; i++)
        ((int8_t *)buffer)[i] = (int8_t)(((const uint8_t *)x)[i] << 4) >> 4;
      return buffer;
    case BNK_UINT4:
      for (size_t i = 0; i < n; i++) ((uint8_t *)buffer)[i] = ((const uint8_t *)x)[i] & 15;
      return buffer;
    default: return x;
  }
}

static void pack(enum bnk_dtype dtype, const void *buffer, void *y, size_t n) {
  switch (dtype) {
    case BNK_COMPLEX64:
      for (size_t i = 0; i < n; i++) {
        ((float *)y)[2 * i] = ((const float *)buffer)[i];
        ((float *)y)[2 * i + 1] = 0;
      }
      break;
    case BNK_COMPLEX128:
      for (size_t i = 0; i < n; i++) {
        ((double *)y)[2 * i] = ((const double *)buffer)[i];
        ((double *)y)[2 * i + 1] = 0;
      }
      break;
    case BNK_FLOAT8_E5M2:
      for (size_t i = 0; i < n; i++)
        ((uint8_t *)y)[i] = bnk_f8_from_f32(((const float *)buffer)[i], 2, 0);
      break;
    case BNK_FLOAT8_E4M3FN:
      for (size_t i = 0; i < n; i++)
        ((uint8_t *)y)[i] = bnk_f8_from_f32(((const float *)buffer)[i], 3, 1);
      break;
    case BNK_INT4:
      for (size_t i = 0; i < n; i++)
        ((int8_t *)y)[i] = (int8_t)(((const uint8_t *)buffer)[i] << 4) >> 4;
      break;
    case BNK_UINT4:
      for (size_t i = 0; i < n; i++) ((uint8_t *)y)[i] = ((const uint8_t *)buffer)[i] & 15;
      break;
    default: break;
  }
}

static int is_packed(enum bnk_dtype dtype) {
  return is_complex(dtype) || dtype == BNK_FLOAT8_E5M2 || dtype == BNK_FLOAT8_E4M3FN ||
         dtype == BNK_INT4 || dtype == BNK_UINT4;
}

static const void *cut_mantissa(enum bnk_dtype hub, int bits, const void *x, void *buffer,
                                size_t n) {
  if (hub == BNK_FLOAT) {
    const uint32_t mask = ~((1u << bits) - 1);
    memmove(buffer, x, n * 4);
    uint32_t *u = buffer;
    for (size_t i = 0; i < n; i++)
      if ((u[i] & 0x7fffffff) <= 0x7f800000) u[i] &= mask;
  } else {
    const uint64_t mask = ~((1ull << bits) - 1);
    memmove(buffer, x, n * 8);
    uint64_t *u = buffer;
    for (size_t i = 0; i < n; i++)
      if ((u[i] & INT64_MAX) <= 0x7ff0000000000000ull) u[i] &= mask;
  }
  return buffer;
}

static void convert(const struct job *job, const void *x, void *y, size_t n) {
  const size_t x_size = bnk_dtype_size(hub(job->from)), y_size = bnk_dtype_size(hub(job->to));
  if (!job->fn) {
    memcpy(y, x, n * y_size);
  } else if (job->step >= n) {
    job->fn(x, y, n);
  } else {
    for (size_t i = 0; i < n; i++) job->fn((const char *)x + i * x_size, (char *)y + i * y_size, 1);
  }
}

static void run(void *context, size_t begin, size_t end) {
  const struct job *job = context;
  const enum bnk_dtype from = hub(job->from), to = hub(job->to);
  const size_t x_size = bnk_dtype_size(job->from), y_size = bnk_dtype_size(job->to);
  double in[BLOCK], out[BLOCK];
  for (size_t block = begin; block < end; block++) {
    const size_t start = block * BLOCK;
    const size_t n = job->n - start < BLOCK ? job->n - start : BLOCK;
    char *y = job->y + start * y_size;
    const void *x = unpack(job->from, job->x + start * x_size, in, n);
    if (job->cut) x = cut_mantissa(from, job->cut, x, in, n);
    if (!is_packed(job->to)) {
      convert(job, x, y, n);
      continue;
    }
    convert(job, x, out, n);
    if (job->cut_after) cut_mantissa(to, job->cut_after, out, out, n);
    pack(job->to, out, y, n);
  }
}

static void copy(void *context, size_t begin, size_t end) {
  const struct job *job = context;
  const size_t size = bnk_dtype_size(job->from);
  memcpy(job->y + begin * size, job->x + begin * size, (end - begin) * size);
}

static int mantissa_bits(enum bnk_dtype dtype) {
  switch (dtype) {
    case BNK_DOUBLE:
    case BNK_COMPLEX128: return 52;
    case BNK_FLOAT:
    case BNK_COMPLEX64: return 23;
    case BNK_HALF: return 10;
    case BNK_BFLOAT16: return 7;
    case BNK_FLOAT8_E4M3FN: return 3;
    case BNK_FLOAT8_E5M2: return 2;
    default: return 0;
  }
}

/// TensorFlow converts these without its vector code.
static int is_scalar(enum bnk_dtype from, enum bnk_dtype to) {
  switch (from) {
    case BNK_COMPLEX64:
    case BNK_FLOAT8_E5M2:
    case BNK_FLOAT8_E4M3FN: return bnk_dtype_size(to) < 4;
    case BNK_COMPLEX128: return to == BNK_UINT32;
    default: return 0;
  }
}

void bnk_cast(enum bnk_dtype from, enum bnk_dtype to, int truncate, const void *x, void *y,
              size_t n) {
  struct job job = {from, to, NULL, 0, 0, is_scalar(from, to) ? 1 : BLOCK, x, y, n};
  if (from == to) {
    bnk_parallel_for(n, 65536, copy, &job);
    return;
  }
  const int same_parts = is_complex(from) == is_complex(to);
  if (is_complex(from) && is_complex(to)) {
    // Twice as many real parts.
    job.from = hub(from);
    job.to = hub(to);
    job.n = 2 * n;
  }
  if (hub(job.from) != hub(job.to)) {
    job.fn = loop(hub(job.from), hub(job.to));
    if (!job.fn) return;
  }
  const int have = mantissa_bits(from), keep = mantissa_bits(to);
  if (truncate && keep > 0 && keep < have && (same_parts || !is_complex(to))) {
    if (hub(from) == BNK_FLOAT || hub(from) == BNK_DOUBLE) {
      if (to != BNK_BFLOAT16 || from == BNK_FLOAT) job.cut = mantissa_bits(hub(from)) - keep;
    } else {
      job.cut_after = mantissa_bits(BNK_FLOAT) - keep;
    }
  }
  bnk_parallel_for((job.n + BLOCK - 1) / BLOCK, 24, run, &job);
}
