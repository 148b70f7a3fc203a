#include <setjmp.h>
#include <stdio.h>

#include <jerror.h>
#include <jpeglib.h>

#if JPEG_LIB_VERSION >= 80
#define LIBRARY "libjpeg.so.8"
#else
#define LIBRARY "libjpeg.so.62"
#endif

#define FUNCTIONS(X)                                                                        \
  X(jpeg_std_error) X(jpeg_CreateDecompress) X(jpeg_CreateCompress)                         \
  X(jpeg_destroy_decompress) X(jpeg_destroy_compress) X(jpeg_read_header)                   \
  X(jpeg_calc_output_dimensions) X(jpeg_start_decompress) X(jpeg_read_scanlines)            \
  X(jpeg_finish_decompress) X(jpeg_abort) X(jpeg_resync_to_restart) X(jpeg_set_defaults)    \
  X(jpeg_set_quality) X(jpeg_simple_progression) X(jpeg_start_compress)                     \
  X(jpeg_write_marker) X(jpeg_write_scanlines) X(jpeg_finish_compress)                      \
  X(jpeg_crop_scanline) X(jpeg_skip_scanlines)

#define PACKAGE "libjpeg-turbo"
#include "library.h"

/// libjpeg's error manager, which jumps out of the library.
struct errors {
  struct jpeg_error_mgr manager;
  jmp_buf jump;
  struct bnorm_codec_error *error;
};

static void on_error(j_common_ptr info) {
  struct errors *errors = (struct errors *)info->err;
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  bnorm_codec_fail(errors->error, text);
  longjmp(errors->jump, 1);
}
static void on_message(j_common_ptr info) { (void)info; }

static struct jpeg_error_mgr *error_manager(
    struct errors *errors, struct bnorm_codec_error *error) {
  lib.jpeg_std_error(&errors->manager);
  errors->manager.error_exit = on_error;
  errors->manager.output_message = on_message;
  errors->error = error;
  return &errors->manager;
}

// Bytes in memory as libjpeg's source.

struct source {
  struct jpeg_source_mgr manager;
  const uint8_t *data;
  size_t size;
  int recover;
};

static const JOCTET end_of_image[2] = {0xff, JPEG_EOI};

static void init_source(j_decompress_ptr info) {
  struct source *source = (struct source *)info->src;
  source->manager.next_input_byte = source->data;
  source->manager.bytes_in_buffer = source->size;
}

static boolean fill(j_decompress_ptr info) {
  struct source *source = (struct source *)info->src;
  struct jpeg_source_mgr *manager = &source->manager;
  if (manager->bytes_in_buffer == 0 && manager->next_input_byte == source->data) {
    ERREXIT(info, JERR_INPUT_EMPTY);
  } else if (manager->bytes_in_buffer) {
    return source->recover ? TRUE : FALSE;
  } else if (manager->next_input_byte != end_of_image && source->recover) {
    // Once, a made-up end of the image stands for the missing rest.
    WARNMS(info, JWRN_JPEG_EOF);
    manager->next_input_byte = end_of_image;
    manager->bytes_in_buffer = 2;
    return TRUE;
  }
  ERREXIT(info, JERR_FILE_READ);
  return FALSE;
}

static void skip(j_decompress_ptr info, long count) {
  struct jpeg_source_mgr *manager = info->src;
  if (count < 0) return;
  if ((size_t)count > manager->bytes_in_buffer) {
    manager->bytes_in_buffer = 0;
    fill(info);
  } else {
    manager->bytes_in_buffer -= (size_t)count;
    manager->next_input_byte += count;
  }
}

static void term_source(j_decompress_ptr info) { (void)info; }

static void set_source(
    j_decompress_ptr info, struct source *source, const uint8_t *data, size_t size, int recover) {
  memset(source, 0, sizeof *source);
  source->data = data;
  source->size = size;
  source->recover = recover;
  source->manager.init_source = init_source;
  source->manager.fill_input_buffer = fill;
  source->manager.skip_input_data = skip;
  source->manager.resync_to_restart = lib.jpeg_resync_to_restart;
  source->manager.term_source = term_source;
  info->src = &source->manager;
}

int bnorm_jpeg_shape(
    const uint8_t *data, size_t size, int shape[3], struct bnorm_codec_error *error) {
  if (!available(error)) return 0;
  struct jpeg_decompress_struct info;
  struct errors errors;
  struct source source;
  memset(&info, 0, sizeof info);
  info.err = error_manager(&errors, error);
  if (setjmp(errors.jump)) {
    lib.jpeg_destroy_decompress(&info);
    return 0;
  }
  lib.jpeg_CreateDecompress(&info, JPEG_LIB_VERSION, sizeof info);
  set_source(&info, &source, data, size, 0);
  lib.jpeg_read_header(&info, TRUE);
  lib.jpeg_start_decompress(&info);
  shape[0] = (int)info.output_height;
  shape[1] = (int)info.output_width;
  shape[2] = info.output_components;
  lib.jpeg_destroy_decompress(&info);
  return 1;
}

/// One image being decoded; outlives jumps out of the library.
struct decoding {
  struct jpeg_decompress_struct info;
  struct errors errors;
  struct source source;
  const struct bnorm_jpeg_options *options;
  bnorm_image_allocate allocate;
  void *context;
  uint8_t *out, *line;
  int width, height, channels, lines;
};

static int refuse(struct decoding *self, const char *text) {
  bnorm_codec_fail(self->errors.error, text);
  return 0;
}

/// A CMYK pixel as RGB; Adobe stores the inverse.
static void to_rgb(const uint8_t *in, uint8_t *out, int inverted) {
  const int k = in[3];
  for (int i = 0; i < 3; i++) {
    out[i] = (uint8_t)(inverted ? k * in[i] / 255 : (255 - k) * (255 - in[i]) / 255);
  }
}

static int read_lines(struct decoding *self, int skipped) {
  j_decompress_ptr info = &self->info;
  const int cmyk = info->out_color_space == JCS_CMYK;
  const size_t row = (size_t)self->width * (size_t)self->channels;
  // A cropped line starts on a block boundary, left of the wanted columns.
  const size_t margin = (size_t)info->output_width - (size_t)self->width;
  if (cmyk || margin) {
    self->line = malloc((size_t)info->output_width * 4);
    if (!self->line) return refuse(self, "no memory");
  }
  uint8_t *out = self->out;
  const int end = skipped + self->height;
  self->lines = self->height;
  while ((int)info->output_scanline < end) {
    JSAMPROW target = self->line ? self->line : out;
    if (lib.jpeg_read_scanlines(info, &target, 1) == 0) {
      if (!self->options->recover) {
        self->lines = (int)info->output_scanline - skipped;
        return 1;
      }
      for (int y = (int)info->output_scanline; y < end; y++, out += row) {
        if (y == 0) {
          memset(out, 0, row);
        } else {
          memcpy(out, out - row, row);
        }
      }
      info->output_scanline = (JDIMENSION)end;
      return 1;
    }
    if (cmyk) {
      for (int x = 0; x < self->width; x++) {
        to_rgb(self->line + 4 * (margin + (size_t)x), out + 3 * x, info->saw_Adobe_marker);
      }
    } else if (self->line) {
      memcpy(out, self->line + margin * (size_t)self->channels, row);
    }
    out += row;
  }
  return 1;
}

static int decode(struct decoding *self) {
  const struct bnorm_jpeg_options *options = self->options;
  j_decompress_ptr info = &self->info;
  lib.jpeg_read_header(info, TRUE);
  self->channels = options->channels ? options->channels
                   : info->num_components < 3 ? info->num_components
                                              : 3;
  const int is_cmyk =
      info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
  if (self->channels == 1) {
    info->out_color_space = JCS_GRAYSCALE;
  } else if (self->channels == 3) {
    info->out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
  } else {
    return refuse(self, "the number of channels is neither 1 nor 3");
  }
  info->do_fancy_upsampling = options->fancy_upscaling ? TRUE : FALSE;
  info->scale_num = 1;
  info->scale_denom = (unsigned)options->ratio;
  info->dct_method = options->fast_dct ? JDCT_IFAST : JDCT_ISLOW;
  lib.jpeg_calc_output_dimensions(info);
  const int64_t total = (int64_t)info->output_height * info->output_width * info->num_components;
  if (info->output_width == 0 || info->output_height == 0) return refuse(self, "the image is empty");
  if (total >= (int64_t)1 << 29) return refuse(self, "the image is too large");
  lib.jpeg_start_decompress(info);
  self->width = (int)info->output_width;
  self->height = (int)info->output_height;
  int skipped = 0;
  if (options->crop) {
    if (options->crop_width <= 0 || options->crop_height <= 0 || options->crop_x < 0 ||
        options->crop_y < 0 || options->crop_height > self->height - options->crop_y ||
        options->crop_width > self->width - options->crop_x) {
      return refuse(self, "the crop window does not lie in the image");
    }
    self->width = options->crop_width;
    self->height = options->crop_height;
    JDIMENSION x = (JDIMENSION)options->crop_x, width = (JDIMENSION)options->crop_width;
    lib.jpeg_crop_scanline(info, &x, &width);
    skipped = (int)lib.jpeg_skip_scanlines(info, (JDIMENSION)options->crop_y);
    if (skipped != options->crop_y) return refuse(self, "lines before the crop window are missing");
  }
  self->out = self->allocate(self->context, self->width, self->height, self->channels);
  if (!self->out) return refuse(self, "no memory for the image");
  if (!read_lines(self, skipped)) return 0;
  const int complete = self->lines == self->height;
  if (complete && options->crop && info->output_scanline < info->output_height) {
    lib.jpeg_skip_scanlines(
        info, info->output_height - (JDIMENSION)options->crop_y - (JDIMENSION)self->height);
  }
  const int expected = info->out_color_space == JCS_CMYK ? 4 : self->channels;
  if (complete && info->output_components == expected) {
    lib.jpeg_finish_decompress(info);
  } else {
    lib.jpeg_abort((j_common_ptr)info);
  }
  const float read = (float)self->lines / (float)self->height;
  const float wanted =
      options->acceptable_fraction < 1.0f ? options->acceptable_fraction : 1.0f;
  if (read < wanted) return refuse(self, "the data end too early");
  const size_t row = (size_t)self->width * (size_t)self->channels;
  memset(self->out + (size_t)self->lines * row, 0, (size_t)(self->height - self->lines) * row);
  return 1;
}

int bnorm_jpeg_read(
    const uint8_t *data, size_t size, const struct bnorm_jpeg_options *options,
    bnorm_image_allocate allocate, void *context, struct bnorm_codec_error *error) {
  if (!available(error)) return 0;
  struct decoding *self = calloc(1, sizeof *self);
  if (!self) {
    bnorm_codec_fail(error, "no memory");
    return 0;
  }
  self->options = options;
  self->allocate = allocate;
  self->context = context;
  self->info.err = error_manager(&self->errors, error);
  volatile int ok = 0;
  if (!setjmp(self->errors.jump)) {
    lib.jpeg_CreateDecompress(&self->info, JPEG_LIB_VERSION, sizeof self->info);
    set_source(&self->info, &self->source, data, size, options->recover);
    ok = decode(self);
  }
  if (!setjmp(self->errors.jump)) lib.jpeg_destroy_decompress(&self->info);
  free(self->line);
  free(self);
  return ok;
}

// Encoding

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
