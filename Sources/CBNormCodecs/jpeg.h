// libjpeg with errors that return.
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
