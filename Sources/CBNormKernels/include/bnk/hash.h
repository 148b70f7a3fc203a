#ifndef BNK_HASH_H
#define BNK_HASH_H

#include <stddef.h>
#include <stdint.h>

/// FarmHash's Fingerprint64, which never changes from version to version.
uint64_t bnk_fingerprint64(const void *bytes, size_t count);

/// FarmHash's Fingerprint128: the low word, then the high one.
void bnk_fingerprint128(const void *bytes, size_t count, uint64_t out[2]);

/// SipHash-2-4 (Aumasson and Bernstein, 2012) under a key of two words.
uint64_t bnk_siphash(uint64_t key0, uint64_t key1, const void *bytes, size_t count);

/// TensorFlow's way to make one fingerprint of two.
uint64_t bnk_fingerprint_cat64(uint64_t a, uint64_t b);

#endif
