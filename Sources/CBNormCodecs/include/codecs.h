#ifndef BNORM_CODECS_H
#define BNORM_CODECS_H

#include <stddef.h>
#include <stdint.h>

// PNG and JPEG through libpng and libjpeg-turbo, which are loaded when they are first needed, so
// that programs that decode nothing neither need them nor start slower.

#define BNORM_CODEC_TEXT 256

/// Why a call failed.
struct bnorm_codec_error {
  char text[BNORM_CODEC_TEXT];
};

/// Bytes that `bnorm_codec_free` releases.
struct bnorm_codec_bytes {
  uint8_t *data;
  size_t size;
};
void bnorm_codec_free(struct bnorm_codec_bytes *bytes);

/// A PNG file whose header was read.
struct bnorm_png;

/// Reads the header and prepares a conversion to `channels` (0: as in the file) of `bits` (8 or 16)
/// each. NULL on failure.
struct bnorm_png *bnorm_png_open(
    const uint8_t *data, size_t size, int channels, int bits, struct bnorm_codec_error *error);
uint32_t bnorm_png_width(const struct bnorm_png *png);
uint32_t bnorm_png_height(const struct bnorm_png *png);
int bnorm_png_channels(const struct bnorm_png *png);
/// Decodes all rows to `out`, 16-bit channels in the machine's byte order. 0 on failure.
int bnorm_png_read(struct bnorm_png *png, void *out, struct bnorm_codec_error *error);
void bnorm_png_close(struct bnorm_png *png);

/// Encodes an image of 1 to 4 channels. 0 on failure.
int bnorm_png_write(
    const void *image, uint32_t width, uint32_t height, int channels, int bits, int compression,
    struct bnorm_codec_bytes *out, struct bnorm_codec_error *error);

struct bnorm_jpeg_options {
  /// 1, 3, or 0 for as many as the file has.
  int channels;
  /// 1, 2, 4 or 8: each dimension is divided by this.
  int ratio;
  int fancy_upscaling;
  /// Fill missing lines instead of failing.
  int recover;
  float acceptable_fraction;
  int fast_dct;
  int crop;
  int crop_y, crop_x, crop_height, crop_width;
};

/// Gives the memory that an image of this size is decoded to, or NULL to give up.
typedef uint8_t *(*bnorm_image_allocate)(void *context, int width, int height, int channels);

/// 0 on failure.
int bnorm_jpeg_read(
    const uint8_t *data, size_t size, const struct bnorm_jpeg_options *options,
    bnorm_image_allocate allocate, void *context, struct bnorm_codec_error *error);

/// Height, width and channels from the header. 0 on failure.
int bnorm_jpeg_shape(
    const uint8_t *data, size_t size, int shape[3], struct bnorm_codec_error *error);

struct bnorm_jpeg_encoding {
  int quality;
  int progressive, optimize_size, chroma_downsampling;
  /// 1: inch, 2: centimetre.
  int density_unit, x_density, y_density;
};

/// Encodes an image of 1 or 3 channels, with XMP metadata if there are any. 0 on failure.
int bnorm_jpeg_write(
    const uint8_t *image, int width, int height, int channels,
    const struct bnorm_jpeg_encoding *encoding, const uint8_t *xmp, size_t xmp_size,
    struct bnorm_codec_bytes *out, struct bnorm_codec_error *error);

#endif
