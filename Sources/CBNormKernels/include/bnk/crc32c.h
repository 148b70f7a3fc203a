#ifndef BNK_CRC32C_H
#define BNK_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli) of `count` bytes, continuing from the checksum `crc` of what came before
/// (0 at the beginning).
uint32_t bnk_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The form in which TensorFlow stores a checksum next to the data it covers.
static inline uint32_t bnk_crc32c_mask(uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

#endif
