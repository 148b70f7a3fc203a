#ifndef BNK_DTYPE_H
#define BNK_DTYPE_H

/// Element types, numbered as in TensorFlow's DataType.
enum bnk_dtype {
  BNK_FLOAT = 1,
  BNK_DOUBLE = 2,
  BNK_INT32 = 3,
  BNK_UINT8 = 4,
  BNK_INT16 = 5,
  BNK_INT8 = 6,
  BNK_STRING = 7,
  BNK_COMPLEX64 = 8,
  BNK_INT64 = 9,
  BNK_BOOL = 10,
  BNK_QINT8 = 11,
  BNK_QUINT8 = 12,
  BNK_QINT32 = 13,
  BNK_BFLOAT16 = 14,
  BNK_QINT16 = 15,
  BNK_QUINT16 = 16,
  BNK_UINT16 = 17,
  BNK_COMPLEX128 = 18,
  BNK_HALF = 19,
  BNK_RESOURCE = 20,
  BNK_VARIANT = 21,
  BNK_UINT32 = 22,
  BNK_UINT64 = 23,
  BNK_FLOAT8_E5M2 = 24,
  BNK_FLOAT8_E4M3FN = 25,
  BNK_INT4 = 29,
  BNK_UINT4 = 30,
};

#endif
