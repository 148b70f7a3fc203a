#include <png.h>

// The functions of libpng that are used, resolved when the first PNG is met.
#define FUNCTIONS(X)                                                                       \
  X(png_create_read_struct) X(png_create_write_struct) X(png_create_info_struct)           \
  X(png_destroy_read_struct) X(png_destroy_write_struct) X(png_set_longjmp_fn)             \
  X(png_set_read_fn) X(png_set_write_fn) X(png_get_io_ptr) X(png_read_info)                \
  X(png_get_IHDR) X(png_get_valid) X(png_get_channels) X(png_set_tRNS_to_alpha)            \
  X(png_set_add_alpha) X(png_set_strip_alpha) X(png_set_strip_16) X(png_set_packing)       \
  X(png_set_interlace_handling) X(png_set_swap) X(png_set_palette_to_rgb)                  \
  X(png_set_expand_gray_1_2_4_to_8) X(png_set_rgb_to_gray) X(png_set_gray_to_rgb)          \
  X(png_read_update_info) X(png_get_rowbytes) X(png_read_row) X(png_read_end)              \
  X(png_set_compression_level) X(png_set_compression_mem_level) X(png_set_IHDR)            \
  X(png_write_info) X(png_write_row) X(png_write_end) X(png_error) X(png_get_error_ptr)
 

#define PACKAGE "libpng"
#define LIBRARY "libpng16.so.16"
#include "library.h"

#define JUMP(png) (*lib.png_set_longjmp_fn((png), longjmp, sizeof(jmp_buf)))

static void on_error(png_structp png, png_const_charp text) {
  bnorm_codec_fail(lib.png_get_error_ptr(png), text);
  longjmp(JUMP(png), 1);
}
static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

struct bnorm_png {
  png_structp png;
  png_infop info;
  const uint8_t *data;
  size_t left;
  png_uint_32 width, height;
  int channels, bits, passes, widen;
  struct bnorm_codec_error error;
};

static void read_bytes(png_structp png, png_bytep out, size_t size) {
  struct bnorm_png *self = lib.png_get_io_ptr(png);
  if (self->left < size) lib.png_error(png, "the data end too early");
  memcpy(out, self->data, size);
  self->data += size;
  self->left -= size;
}

void bnorm_png_close(struct bnorm_png *self) {
  if (!self) return;
  if (self->png) lib.png_destroy_read_struct(&self->png, self->info ? &self->info : NULL, NULL);
  free(self);
}

static void set_up(struct bnorm_png *self) {
  png_structp png = self->png;
  int depth, color;
  lib.png_read_info(png, self->info);
  lib.png_get_IHDR(
      png, self->info, &self->width, &self->height, &depth, &color, NULL, NULL, NULL);
  const int has_transparency = lib.png_get_valid(png, self->info, PNG_INFO_tRNS) != 0;
  const int has_alpha = (color & PNG_COLOR_MASK_ALPHA) != 0;
  if (self->channels == 0) {
    self->channels = color == PNG_COLOR_TYPE_PALETTE ? (has_transparency ? 4 : 3)
                                                     : lib.png_get_channels(png, self->info);
  }
  if (self->channels % 2 == 0) {
    if (!has_alpha && has_transparency) {
      lib.png_set_tRNS_to_alpha(png);
    } else if (!has_alpha) {
      lib.png_set_add_alpha(png, (1u << depth) - 1, PNG_FILLER_AFTER);
    }
  } else if (has_alpha || has_transparency) {
    lib.png_set_strip_alpha(png);
  }
  if (depth > 8 && self->bits <= 8) lib.png_set_strip_16(png);
  self->widen = depth <= 8 && self->bits == 16;
  lib.png_set_packing(png);
  self->passes = lib.png_set_interlace_handling(png);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (self->bits > 8) lib.png_set_swap(png);
#endif
  if (color == PNG_COLOR_TYPE_PALETTE) lib.png_set_palette_to_rgb(png);
  const int is_gray = (color & PNG_COLOR_MASK_COLOR) == 0;
  if (is_gray && depth < 8) lib.png_set_expand_gray_1_2_4_to_8(png);
  if (self->channels < 3) {
    if (!is_gray) lib.png_set_rgb_to_gray(png, 1, 0.299, 0.587);
  } else if (is_gray) {
    lib.png_set_gray_to_rgb(png);
  }
  lib.png_read_update_info(png, self->info);
}

struct bnorm_png *bnorm_png_open(
    const uint8_t *data, size_t size, int channels, int bits, struct bnorm_codec_error *error) {
  if (!available(error)) return NULL;
  struct bnorm_png *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  self->data = data;
  self->left = size;
  self->channels = channels;
  self->bits = bits;
  self->png =
      lib.png_create_read_struct(PNG_LIBPNG_VER_STRING, &self->error, on_error, on_warning);
  if (!self->png) {
    bnorm_codec_fail(error, "libpng does not start");
    bnorm_png_close(self);
    return NULL;
  }
  if (setjmp(JUMP(self->png))) {
    bnorm_codec_fail(error, self->error.text);
    bnorm_png_close(self);
    return NULL;
  }
  self->info = lib.png_create_info_struct(self->png);
  if (!self->info) lib.png_error(self->png, "no memory");
  lib.png_set_read_fn(self->png, self, read_bytes);
  set_up(self);
  return self;
}

uint32_t bnorm_png_width(const struct bnorm_png *self) { return self->width; }
uint32_t bnorm_png_height(const struct bnorm_png *self) { return self->height; }
int bnorm_png_channels(const struct bnorm_png *self) { return self->channels; }

int bnorm_png_read(struct bnorm_png *self, void *out, struct bnorm_codec_error *error) {
  const size_t row = (size_t)self->width * (size_t)self->channels * (size_t)(self->bits / 8);
  if (lib.png_get_rowbytes(self->png, self->info) > row) {
    bnorm_codec_fail(error, "rows are longer than the header says");
    return 0;
  }
  if (setjmp(JUMP(self->png))) {
    bnorm_codec_fail(error, self->error.text);
    return 0;
  }
  for (int pass = 0; pass < self->passes; pass++) {
    for (size_t y = 0; y < self->height; y++) {
      lib.png_read_row(self->png, (uint8_t *)out + y * row, NULL);
    }
  }
  lib.png_read_end(self->png, self->info);
  if (self->widen) {
    // Rows hold bytes; spread each over 16 bits, from the end.
    const size_t count = (size_t)self->width * (size_t)self->channels;
    for (size_t y = 0; y < self->height; y++) {
      uint8_t *line = (uint8_t *)out + y * row;
      for (size_t i = count; i-- > 0;) line[2 * i] = line[2 * i + 1] = line[i];
    }
  }
  return 1;
}

static void write_bytes(png_structp png, png_bytep data, size_t size) {
  if (!bnorm_buffer_append(lib.png_get_io_ptr(png), data, size)) lib.png_error(png, "no memory");
}
static void flush(png_structp png) { (void)png; }

int bnorm_png_write(
    const void *image, uint32_t width, uint32_t height, int channels, int bits, int compression,
    struct bnorm_codec_bytes *out, struct bnorm_codec_error *error) {
  static const int colors[] = {
      0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
      PNG_COLOR_TYPE_RGB_ALPHA};
  if (!available(error)) return 0;
  struct bnorm_buffer *buffer = calloc(1, sizeof *buffer);
  png_structp png =
      lib.png_create_write_struct(PNG_LIBPNG_VER_STRING, error, on_error, on_warning);
  png_infop volatile info = NULL;
  if (!png || !buffer) {
    bnorm_codec_fail(error, "no memory");
    free(buffer);
    return 0;
  }
  if (setjmp(JUMP(png))) {
    png_infop made = info;
    lib.png_destroy_write_struct(&png, made ? &made : NULL);
    free(buffer->data);
    free(buffer);
    return 0;
  }
  info = lib.png_create_info_struct(png);
  if (!info) lib.png_error(png, "no memory");
  lib.png_set_write_fn(png, buffer, write_bytes, flush);
  lib.png_set_compression_level(png, compression);
  lib.png_set_compression_mem_level(png, 9);
  lib.png_set_IHDR(
      png, info, width, height, bits, colors[channels], PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  lib.png_write_info(png, info);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (bits > 8) lib.png_set_swap(png);
#endif
  const size_t row = (size_t)width * (size_t)channels * (size_t)(bits / 8);
  for (size_t y = 0; y < height; y++) lib.png_write_row(png, (const uint8_t *)image + y * row);
  lib.png_write_end(png, NULL);
  png_infop made = info;
  lib.png_destroy_write_struct(&png, &made);
  *out = (struct bnorm_codec_bytes){buffer->data, buffer->size};
  free(buffer);
  return 1;
}

void bnorm_codec_free(struct bnorm_codec_bytes *bytes) {
  free(bytes->data);
  *bytes = (struct bnorm_codec_bytes){NULL, 0};
}
