#include "jpeg.h"

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
