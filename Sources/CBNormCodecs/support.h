#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codecs.h"

static inline void bnorm_codec_fail(struct bnorm_codec_error *error, const char *text) {
  if (error) snprintf(error->text, sizeof error->text, "%s", text);
}

/// Bytes that grow.
struct bnorm_buffer {
  uint8_t *data;
  size_t size, room;
};

static inline int bnorm_buffer_append(struct bnorm_buffer *buffer, const void *data, size_t size) {
  if (size > buffer->room - buffer->size) {
    const size_t room = (buffer->size + size) * 2 + 4096;
    uint8_t *grown = realloc(buffer->data, room);
    if (!grown) return 0;
    buffer->data = grown;
    buffer->room = room;
  }
  memcpy(buffer->data + buffer->size, data, size);
  buffer->size += size;
  return 1;
}
