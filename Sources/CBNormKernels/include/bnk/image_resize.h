#ifndef BNK_IMAGE_RESIZE_H
#define BNK_IMAGE_RESIZE_H

#include <stddef.h>
#include <stdint.h>

#include "bnk/dtype.h"

/// Sizes of a batch of images [batch, height, width, channels] before and after resizing.
struct bnk_resize {
  size_t batch, in_height, in_width, out_height, out_width, channels;
};

/// Elements of a real dtype as floats.
void bnk_real_to_f32(enum bnk_dtype dtype, const void *in, size_t count, float *out);
/// Floats as elements of a real dtype: integers truncate.
void bnk_real_from_f32(enum bnk_dtype dtype, const float *in, size_t count, void *out);

/// Where an output position of linear interpolation reads: in[lower] + (in[upper] - in[lower]) lerp.
struct bnk_lerp {
  int32_t lower, upper;
  float lerp;
};
void bnk_lerp_taps(
    struct bnk_lerp *taps, size_t out_size, size_t in_size, float scale, int half_pixel);

/// Where an output position of cubic interpolation reads, with weights.
struct bnk_cubic {
  int32_t index[4];
  float weight[4];
};
void bnk_cubic_taps(
    struct bnk_cubic *taps, size_t out_size, size_t in_size, float scale, int half_pixel);

/// The input cells start..<end (to be clamped into the image) that an output cell covers; the
/// first and the last one partly.
struct bnk_area {
  int64_t start, end;
  float first, last;
};
void bnk_area_taps(struct bnk_area *taps, size_t out_size, float scale);

/// The input row or column of each output one for nearest-neighbour resizing.
void bnk_nearest_taps(
    int32_t *taps, size_t out_size, size_t in_size, float scale, int half_pixel,
    int align_corners);

/// How many floats of scratch each of the `tasks` of the functions below needs.
size_t bnk_resize_scratch_floats(const struct bnk_resize *size);

void bnk_resize_bilinear(
    enum bnk_dtype dtype, const void *in, float *out, const struct bnk_resize *size,
    const struct bnk_lerp *ys, const struct bnk_lerp *xs, float *scratch, size_t tasks);
void bnk_resize_bicubic(
    enum bnk_dtype dtype, const void *in, float *out, const struct bnk_resize *size,
    const struct bnk_cubic *ys, const struct bnk_cubic *xs, float *scratch, size_t tasks);
void bnk_resize_area(
    enum bnk_dtype dtype, const void *in, float *out, const struct bnk_resize *size,
    const struct bnk_area *ys, const struct bnk_area *xs, float scale, float *scratch,
    size_t tasks);
/// Copies pixels of `pixel_bytes` bytes (channels times element size).
void bnk_resize_nearest(
    const void *in, void *out, const struct bnk_resize *size, size_t pixel_bytes,
    const int32_t *ys, const int32_t *xs);

/// Output i of a resampled dimension sums span inputs from starts[i] on with its weights.
struct bnk_spans {
  size_t span;
  const int32_t *starts;
  const float *weights;
};
void bnk_resample(
    enum bnk_dtype dtype, const void *in, float *out, const struct bnk_resize *size,
    const struct bnk_spans *rows, const struct bnk_spans *columns, float *scratch, size_t tasks);

/// Gradients: `size` describes the forward op, `in` has its output size and `out` its input size.
void bnk_resize_bilinear_grad_f32(
    const float *in, float *out, const struct bnk_resize *size, float y_scale, float x_scale,
    int half_pixel);
void bnk_resize_bilinear_grad_f64(
    const float *in, double *out, const struct bnk_resize *size, float y_scale, float x_scale,
    int half_pixel);
void bnk_resize_bicubic_grad_f32(
    const float *in, float *out, const struct bnk_resize *size, const struct bnk_cubic *ys,
    const struct bnk_cubic *xs);
void bnk_resize_bicubic_grad_f64(
    const float *in, double *out, const struct bnk_resize *size, const struct bnk_cubic *ys,
    const struct bnk_cubic *xs);
void bnk_resize_nearest_grad(
    enum bnk_dtype dtype, const void *in, void *out, const struct bnk_resize *size,
    const int32_t *ys, const int32_t *xs);

#endif
