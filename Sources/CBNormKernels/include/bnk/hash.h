#ifndef BNK_HASH_H
#define BNK_HASH_H

#include <stddef.h>
#include <stdint.h>

/// FarmHash's Fingerprint64, which never changes from version to version.
uint64_t bnk_fingerprint64(const void *bytes, size_t count);

#endif
