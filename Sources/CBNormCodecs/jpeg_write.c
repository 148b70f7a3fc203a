#include "jpeg.h"

struct destination {
  struct jpeg_destination_mgr manager;
  struct bnorm_buffer buffer;
  JOCTET chunk[16384];
};

static void init_destination(j_compress_ptr info) {
  struct destination *self = (struct destination *)info->dest;
  self->manager.next_output_byte = self->chunk;
  self->manager.free_in_buffer = sizeof self->chunk;
}

static boolean empty_chunk(j_compress_ptr info) {
  struct destination *self = (struct destination *)info->dest;
  if (!bnorm_buffer_append(&self->buffer, self->chunk, sizeof self->chunk)) {
    ERREXIT1(info, JERR_OUT_OF_MEMORY, 0);
  }
  init_destination(info);
  return TRUE;
}

static void term_destination(j_compress_ptr info) {
  struct destination *self = (struct destination *)info->dest;
  const size_t rest = sizeof self->chunk - self->manager.free_in_buffer;
  if (!bnorm_buffer_append(&self->buffer, self->chunk, rest)) {
    ERREXIT1(info, JERR_OUT_OF_MEMORY, 0);
  }
}

struct encoding {
  struct jpeg_compress_struct info;
  struct errors errors;
  struct destination destination;
  uint8_t *marker;
};

static void write_xmp(struct encoding *self, const uint8_t *xmp, size_t xmp_size) {
  static const char name[] = "http://ns.adobe.com/xap/1.0/";
  const size_t size = sizeof name + xmp_size;
  self->marker = malloc(size);
  if (!self->marker) ERREXIT1(&self->info, JERR_OUT_OF_MEMORY, 0);
  memcpy(self->marker, name, sizeof name);
  memcpy(self->marker + sizeof name, xmp, xmp_size);
  lib.jpeg_write_marker(&self->info, JPEG_APP0 + 1, self->marker, (unsigned)size);
}

static void encode(
    struct encoding *self, const uint8_t *image, int width, int height, int channels,
    const struct bnorm_jpeg_encoding *encoding, const uint8_t *xmp, size_t xmp_size) {
  j_compress_ptr info = &self->info;
  info->image_width = (JDIMENSION)width;
  info->image_height = (JDIMENSION)height;
  info->input_components = channels;
  info->in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  lib.jpeg_set_defaults(info);
  if (encoding->optimize_size) info->optimize_coding = TRUE;
  info->density_unit = (UINT8)encoding->density_unit;
  info->X_density = (UINT16)encoding->x_density;
  info->Y_density = (UINT16)encoding->y_density;
  lib.jpeg_set_quality(info, encoding->quality, TRUE);
  if (encoding->progressive) lib.jpeg_simple_progression(info);
  if (!encoding->chroma_downsampling) {
    for (int i = 0; i < info->num_components; i++) {
      info->comp_info[i].h_samp_factor = 1;
      info->comp_info[i].v_samp_factor = 1;
    }
  }
  lib.jpeg_start_compress(info, TRUE);
  if (xmp_size > 0) write_xmp(self, xmp, xmp_size);
  while (info->next_scanline < info->image_height) {
    JSAMPROW row = (JSAMPROW)(uintptr_t)(
        image + (size_t)info->next_scanline * (size_t)width * (size_t)channels);
    lib.jpeg_write_scanlines(info, &row, 1);
  }
  lib.jpeg_finish_compress(info);
}

int bnorm_jpeg_write(
    const uint8_t *image, int width, int height, int channels,
    const struct bnorm_jpeg_encoding *encoding, const uint8_t *xmp, size_t xmp_size,
    struct bnorm_codec_bytes *out, struct bnorm_codec_error *error) {
  if (!available(error)) return 0;
  struct encoding *self = calloc(1, sizeof *self);
  if (!self) {
    bnorm_codec_fail(error, "no memory");
    return 0;
  }
  self->info.err = error_manager(&self->errors, error);
  volatile int ok = 0;
  if (!setjmp(self->errors.jump)) {
    lib.jpeg_CreateCompress(&self->info, JPEG_LIB_VERSION, sizeof self->info);
    self->destination.manager.init_destination = init_destination;
    self->destination.manager.empty_output_buffer = empty_chunk;
    self->destination.manager.term_destination = term_destination;
    self->info.dest = &self->destination.manager;
    encode(self, image, width, height, channels, encoding, xmp, xmp_size);
    ok = 1;
  }
  if (!setjmp(self->errors.jump)) lib.jpeg_destroy_compress(&self->info);
  if (ok) {
    *out = (struct bnorm_codec_bytes){
        self->destination.buffer.data, self->destination.buffer.size};
  } else {
    free(self->destination.buffer.data);
  }
  free(self->marker);
  free(self);
  return ok;
}
