#ifndef BNK_IMAGE_CROP_H
#define BNK_IMAGE_CROP_H

#include <stddef.h>
#include <stdint.h>

#include "bnk/dtype.h"

/// Crops of a batch of images: box i is cut from image `image_of[i]` and resized to
/// crop_height x crop_width.
struct bnk_crop {
  size_t batch, height, width, channels;
  size_t boxes, crop_height, crop_width;
  int nearest;
  float extrapolation;
};

void bnk_crop_and_resize(
    enum bnk_dtype dtype, const void *images, const float *boxes, const int32_t *image_of,
    float *crops, const struct bnk_crop *crop);

/// Adds the gradients of the crops to images of zeros; one box after the other.
void bnk_crop_and_resize_grad_image(
    enum bnk_dtype dtype, const float *grads, const float *boxes, const int32_t *image_of,
    void *images, const struct bnk_crop *crop);

void bnk_crop_and_resize_grad_boxes(
    enum bnk_dtype dtype, const float *grads, const void *images, const float *boxes,
    const int32_t *image_of, float *grad_boxes, const struct bnk_crop *crop);

/// How coordinates outside an image are brought back in.
enum bnk_fill { BNK_FILL_REFLECT, BNK_FILL_WRAP, BNK_FILL_CONSTANT, BNK_FILL_NEAREST };

/// A projective transform of images [batch, in_height, in_width, channels].
struct bnk_projective {
  size_t batch, in_height, in_width, out_height, out_width, channels;
  enum bnk_fill fill;
  int bilinear;
  /// One transform of 8 numbers for each image, or for all.
  int shared;
  float fill_value;
};
void bnk_projective_transform(
    enum bnk_dtype dtype, const void *in, const float *transforms, void *out,
    const struct bnk_projective *transform);

#endif
