#ifndef BNK_DTYPE_SIZE_H
#define BNK_DTYPE_SIZE_H

#include <stddef.h>

#include "bnk/dtype.h"

/// Bytes of an element of a plain dtype.
static inline size_t bnk_dtype_size(enum bnk_dtype dtype) {
  switch (dtype) {
    case BNK_COMPLEX128: return 16;
    case BNK_DOUBLE:
    case BNK_INT64:
    case BNK_UINT64:
    case BNK_COMPLEX64: return 8;
    case BNK_FLOAT:
    case BNK_INT32:
    case BNK_UINT32:
    case BNK_QINT32: return 4;
    case BNK_HALF:
    case BNK_BFLOAT16:
    case BNK_INT16:
    case BNK_UINT16:
    case BNK_QINT16:
    case BNK_QUINT16: return 2;
    default: return 1;
  }
}

#endif
