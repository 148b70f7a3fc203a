#ifndef BNK_IMAGE_COLOR_H
#define BNK_IMAGE_COLOR_H

#include <stddef.h>

#include "bnk/dtype.h"

/// Conversions of `count` pixels of three channels; float, double, half or bfloat16.
void bnk_rgb_to_hsv(enum bnk_dtype dtype, const void *in, void *out, size_t count);
void bnk_hsv_to_rgb(enum bnk_dtype dtype, const void *in, void *out, size_t count);

/// Turns the hue of `count` RGB pixels by `delta` turns.
void bnk_adjust_hue(const float *in, float *out, size_t count, float delta);
/// Scales the saturation of `count` RGB pixels.
void bnk_adjust_saturation(const float *in, float *out, size_t count, float scale);

/// (x - mean) factor + mean, with the mean of each channel of each image; `out` may not be `in`.
void bnk_adjust_contrast(
    const float *in, float *out, size_t batch, size_t pixels, size_t channels, float factor);

#endif
