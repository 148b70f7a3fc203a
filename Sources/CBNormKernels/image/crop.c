#include "bnk/image_crop.h"

#include <math.h>
#include <string.h>

#include "bnk/threads.h"
#include "real_types.h"

#pragma STDC FP_CONTRACT OFF

/// One dimension of a box: where crop position i reads.
struct axis {
  float start, end, scale;
  size_t size, count;
};

static struct axis axis(float start, float end, size_t size, size_t count) {
  const float last = (float)((int)size - 1);
  const float scale = count > 1 ? (end - start) * last / (float)((int)count - 1) : 0;
  return (struct axis){start, end, scale, size, count};
}

/// The position, or -1 if it lies outside the image.
static float position(const struct axis *a, size_t i) {
  const int last = (int)a->size - 1;
  const float x = a->count > 1 ? a->start * (float)last + (float)(int)i * a->scale
                               : (float)(0.5 * (a->start + a->end) * last);
  return x >= 0 && x <= (float)last ? x : -1;
}

struct job {
  const void *images;
  const float *boxes, *grads;
  const int32_t *image_of;
  float *out;
  void *grad_images;
  const struct bnk_crop *crop;
};

#define CROP(DTYPE, suffix, T, TO, FROM)                                                       \
  static void crop_##suffix(void *context, size_t begin, size_t end) {                         \
    const struct job *job = context;                                                           \
    const struct bnk_crop *crop = job->crop;                                                   \
    const size_t channels = crop->channels, row = crop->width * channels;                      \
    for (size_t b = begin; b < end; b++) {                                                     \
      const float *box = job->boxes + 4 * b;                                                   \
      const struct axis ay = axis(box[0], box[2], crop->height, crop->crop_height);            \
      const struct axis ax = axis(box[1], box[3], crop->width, crop->crop_width);              \
      const T *image = (const T *)job->images + (size_t)job->image_of[b] * crop->height * row; \
      float *out = job->out + b * crop->crop_height * crop->crop_width * channels;             \
      for (size_t i = 0; i < crop->crop_height; i++) {                                         \
        const float y = position(&ay, i);                                                      \
        for (size_t j = 0; j < crop->crop_width; j++, out += channels) {                       \
          const float x = position(&ax, j);                                                    \
          if (y < 0 || x < 0) {                                                                \
            for (size_t c = 0; c < channels; c++) out[c] = crop->extrapolation;                \
          } else if (crop->nearest) {                                                          \
            const T *p = image + (size_t)roundf(y) * row + (size_t)roundf(x) * channels;       \
            for (size_t c = 0; c < channels; c++) out[c] = TO(p[c]);                           \
          } else {                                                                             \
            const size_t top = (size_t)floorf(y), bottom = (size_t)ceilf(y);                   \
            const size_t left = (size_t)floorf(x), right = (size_t)ceilf(x);                   \
            const float yl = y - (float)top, xl = x - (float)left;                             \
            const T *tl = image + top * row + left * channels;                                 \
            const T *tr = image + top * row + right * channels;                                \
            const T *bl = image + bottom * row + left * channels;                              \
            const T *br = image + bottom * row + right * channels;                             \
            for (size_t c = 0; c < channels; c++) {                                            \
              const float upper = TO(tl[c]) + (TO(tr[c]) - TO(tl[c])) * xl;                    \
              const float lower = TO(bl[c]) + (TO(br[c]) - TO(bl[c])) * xl;                    \
              out[c] = upper + (lower - upper) * yl;                                           \
            }                                                                                  \
          }                                                                                    \
        }                                                                                      \
      }                                                                                        \
    }                                                                                          \
  }
BNK_REAL_TYPES(CROP)

void bnk_crop_and_resize(
    enum bnk_dtype dtype, const void *images, const float *boxes, const int32_t *image_of,
    float *crops, const struct bnk_crop *crop) {
  struct job job = {
      .images = images, .boxes = boxes, .image_of = image_of, .out = crops, .crop = crop};
  const size_t work = crop->crop_height * crop->crop_width * crop->channels;
  const size_t grain = 1 + 8192 / (work ? work : 1);
  switch (dtype) {
#define CASE(DTYPE, suffix, T, TO, FROM) \
  case DTYPE: bnk_parallel_for(crop->boxes, grain, crop_##suffix, &job); break;
    BNK_REAL_TYPES(CASE)
#undef CASE
    default: break;
  }
}

#define GRAD_IMAGE(suffix, T, ADD)                                                           \
  static void grad_image_##suffix(const struct job *job) {                                   \
    const struct bnk_crop *crop = job->crop;                                                 \
    const size_t channels = crop->channels, row = crop->width * channels;                    \
    memset(job->grad_images, 0, crop->batch * crop->height * row * sizeof(T));               \
    const float *in = job->grads;                                                            \
    for (size_t b = 0; b < crop->boxes; b++) {                                               \
      const float *box = job->boxes + 4 * b;                                                 \
      const struct axis ay = axis(box[0], box[2], crop->height, crop->crop_height);          \
      const struct axis ax = axis(box[1], box[3], crop->width, crop->crop_width);            \
      T *image = (T *)job->grad_images + (size_t)job->image_of[b] * crop->height * row;      \
      for (size_t i = 0; i < crop->crop_height; i++) {                                       \
        const float y = position(&ay, i);                                                    \
        for (size_t j = 0; j < crop->crop_width; j++, in += channels) {                      \
          const float x = position(&ax, j);                                                  \
          if (y < 0 || x < 0) continue;                                                      \
          if (crop->nearest) {                                                               \
            T *p = image + (size_t)roundf(y) * row + (size_t)roundf(x) * channels;           \
            for (size_t c = 0; c < channels; c++) ADD(p[c], in[c]);                          \
            continue;                                                                        \
          }                                                                                  \
          const size_t top = (size_t)floorf(y), bottom = (size_t)ceilf(y);                   \
          const size_t left = (size_t)floorf(x), right = (size_t)ceilf(x);                   \
          const float yl = y - (float)top, xl = x - (float)left;                             \
          T *tl = image + top * row + left * channels, *tr = image + top * row + right * channels; \
          T *bl = image + bottom * row + left * channels;                                    \
          T *br = image + bottom * row + right * channels;                                   \
          for (size_t c = 0; c < channels; c++) {                                            \
            const float upper = (1 - yl) * in[c], lower = yl * in[c];                        \
            ADD(tl[c], (1 - xl) * upper);                                                    \
            ADD(tr[c], xl * upper);                                                          \
            ADD(bl[c], (1 - xl) * lower);                                                    \
            ADD(br[c], xl * lower);                                                          \
          }                                                                                  \
        }                                                                                    \
      }                                                                                      \
    }                                                                                        \
  }
#define ADD_F32(target, value) ((target) += (value))
#define ADD_F64(target, value) ((target) += (double)(value))
// The addend is rounded before it is added, and the sum again.
#define ADD_F16(target, value) \
  ((target) = half_from_f32(f32_from_half(target) + f32_from_half(half_from_f32(value))))
GRAD_IMAGE(f32, float, ADD_F32)
GRAD_IMAGE(f64, double, ADD_F64)
GRAD_IMAGE(f16, uint16_t, ADD_F16)

void bnk_crop_and_resize_grad_image(
    enum bnk_dtype dtype, const float *grads, const float *boxes, const int32_t *image_of,
    void *images, const struct bnk_crop *crop) {
  const struct job job = {
      .grads = grads, .boxes = boxes, .image_of = image_of, .grad_images = images, .crop = crop};
  switch (dtype) {
    case BNK_FLOAT: grad_image_f32(&job); break;
    case BNK_DOUBLE: grad_image_f64(&job); break;
    case BNK_HALF: grad_image_f16(&job); break;
    default: break;
  }
}

#define GRAD_BOXES(DTYPE, suffix, T, TO, FROM)                                                 \
  static void grad_boxes_##suffix(void *context, size_t begin, size_t end) {                   \
    const struct job *job = context;                                                           \
    const struct bnk_crop *crop = job->crop;                                                   \
    const size_t channels = crop->channels, row = crop->width * channels;                      \
    const int last_y = (int)crop->height - 1, last_x = (int)crop->width - 1;                   \
    const int many_y = crop->crop_height > 1, many_x = crop->crop_width > 1;                   \
    const float ratio_y = many_y ? (float)last_y / (float)((int)crop->crop_height - 1) : 0;    \
    const float ratio_x = many_x ? (float)last_x / (float)((int)crop->crop_width - 1) : 0;     \
    for (size_t b = begin; b < end; b++) {                                                     \
      const float *box = job->boxes + 4 * b;                                                   \
      const float *in = job->grads + b * crop->crop_height * crop->crop_width * channels;      \
      struct axis ay = axis(box[0], box[2], crop->height, crop->crop_height);                  \
      struct axis ax = axis(box[1], box[3], crop->width, crop->crop_width);                    \
      ay.scale = many_y ? (box[2] - box[0]) * ratio_y : 0;                                     \
      ax.scale = many_x ? (box[3] - box[1]) * ratio_x : 0;                                     \
      const T *image = (const T *)job->images + (size_t)job->image_of[b] * crop->height * row; \
      float *out = job->out + 4 * b;                                                           \
      out[0] = out[1] = out[2] = out[3] = 0;                                                   \
      for (size_t i = 0; i < crop->crop_height; i++) {                                         \
        const float y = position(&ay, i);                                                      \
        for (size_t j = 0; j < crop->crop_width; j++, in += channels) {                        \
          const float x = position(&ax, j);                                                    \
          if (y < 0 || x < 0) continue;                                                        \
          const size_t top = (size_t)floorf(y), bottom = (size_t)ceilf(y);                     \
          const size_t left = (size_t)floorf(x), right = (size_t)ceilf(x);                     \
          const float yl = y - (float)top, xl = x - (float)left;                               \
          const T *tl = image + top * row + left * channels;                                   \
          const T *tr = image + top * row + right * channels;                                  \
          const T *bl = image + bottom * row + left * channels;                                \
          const T *br = image + bottom * row + right * channels;                               \
          for (size_t c = 0; c < channels; c++) {                                              \
            float gy = (1 - xl) * (TO(bl[c]) - TO(tl[c])) + xl * (TO(br[c]) - TO(tr[c]));      \
            float gx = (1 - yl) * (TO(tr[c]) - TO(tl[c])) + yl * (TO(br[c]) - TO(bl[c]));      \
            gy *= in[c];                                                                       \
            gx *= in[c];                                                                       \
            if (many_y) {                                                                      \
              out[0] += gy * ((float)last_y - (float)(int)i * ratio_y);                        \
              out[2] += gy * ((float)(int)i * ratio_y);                                        \
            } else {                                                                           \
              out[0] += gy * 0.5 * last_y;                                                     \
              out[2] += gy * 0.5 * last_y;                                                     \
            }                                                                                  \
            if (many_x) {                                                                      \
              out[1] += gx * ((float)last_x - (float)(int)j * ratio_x);                        \
              out[3] += gx * ((float)(int)j * ratio_x);                                        \
            } else {                                                                           \
              out[1] += gx * 0.5 * last_x;                                                     \
              out[3] += gx * 0.5 * last_x;                                                     \
            }                                                                                  \
          }                                                                                    \
        }                                                                                      \
      }                                                                                        \
    }                                                                                          \
  }
BNK_REAL_TYPES(GRAD_BOXES)

void bnk_crop_and_resize_grad_boxes(
    enum bnk_dtype dtype, const float *grads, const void *images, const float *boxes,
    const int32_t *image_of, float *grad_boxes, const struct bnk_crop *crop) {
  struct job job = {
      .images = images, .grads = grads, .boxes = boxes, .image_of = image_of, .out = grad_boxes,
      .crop = crop};
  switch (dtype) {
#define CASE(DTYPE, suffix, T, TO, FROM) \
  case DTYPE: bnk_parallel_for(crop->boxes, 1, grad_boxes_##suffix, &job); break;
    BNK_REAL_TYPES(CASE)
#undef CASE
    default: break;
  }
}
