// Resizing row by row: an input row is made float, then stretched or summed in one direction into
// scratch memory, then in the other. Rows that several output rows need are made once.
#include <string.h>

#include "bnk/image_resize.h"
#include "bnk/threads.h"

#pragma STDC FP_CONTRACT OFF

typedef float f32x4 __attribute__((vector_size(16), aligned(4)));

static size_t padded(size_t n) { return (n + 31) & ~(size_t)15; }

size_t bnk_resize_scratch_floats(const struct bnk_resize *size) {
  const size_t out_row = padded(size->out_width * size->channels);
  const size_t in_row = padded(size->in_width * size->channels);
  return 2 * out_row + 2 * in_row;
}

/// What all rows of a call share.
struct job {
  enum bnk_dtype dtype;
  const void *in;
  float *out;
  const struct bnk_resize *size;
  const void *ys, *xs;
  float scale;
  float *scratch;
  size_t tasks, element_size;
};

static size_t element_size(enum bnk_dtype dtype) {
  switch (dtype) {
    case BNK_UINT8:
    case BNK_INT8: return 1;
    case BNK_INT16:
    case BNK_UINT16:
    case BNK_HALF:
    case BNK_BFLOAT16: return 2;
    case BNK_DOUBLE:
    case BNK_INT64:
    case BNK_UINT64: return 8;
    default: return 4;
  }
}

/// Row `row` of image `image` as floats, in place or in `buffer`.
static const float *input_row(const struct job *job, size_t image, size_t row, float *buffer) {
  const size_t count = job->size->in_width * job->size->channels;
  const char *p =
      (const char *)job->in + (image * job->size->in_height + row) * count * job->element_size;
  if (job->dtype == BNK_FLOAT) return (const float *)p;
  bnk_real_to_f32(job->dtype, p, count, buffer);
  return buffer;
}

static void run(struct job *job, bnk_task_fn fn) {
  const size_t rows = job->size->batch * job->size->out_height;
  if (rows == 0 || job->size->out_width * job->size->channels == 0) return;
  job->element_size = element_size(job->dtype);
  if (job->tasks > rows) job->tasks = rows;
  bnk_parallel_tasks(job->tasks, fn, job);
}

// Bilinear

static void lerp_row(
    const float *in, float *restrict out, const struct bnk_lerp *xs, size_t width,
    size_t in_width, size_t channels) {
  if (channels == 3) {
    size_t x = 0;
    // Four floats are read and written for a pixel's three, so the last pixel is left out.
    for (; x + 1 < width && xs[x].upper + 1 < (int32_t)in_width; x++) {
      const f32x4 left = *(const f32x4 *)(in + xs[x].lower * 3);
      const f32x4 right = *(const f32x4 *)(in + xs[x].upper * 3);
      *(f32x4 *)(out + x * 3) = left + (right - left) * xs[x].lerp;
    }
    for (; x < width; x++) {
      const float *left = in + xs[x].lower * 3, *right = in + xs[x].upper * 3;
      for (size_t c = 0; c < 3; c++) out[x * 3 + c] = left[c] + (right[c] - left[c]) * xs[x].lerp;
    }
  } else if (channels == 1) {
    for (size_t x = 0; x < width; x++) {
      const float left = in[xs[x].lower], right = in[xs[x].upper];
      out[x] = left + (right - left) * xs[x].lerp;
    }
  } else {
    for (size_t x = 0; x < width; x++) {
      const float *left = in + (size_t)xs[x].lower * channels;
      const float *right = in + (size_t)xs[x].upper * channels;
      const float lerp = xs[x].lerp;
      float *restrict pixel = out + x * channels;
      for (size_t c = 0; c < channels; c++) pixel[c] = left[c] + (right[c] - left[c]) * lerp;
    }
  }
}

static void bilinear_task(void *context, size_t task) {
  const struct job *job = context;
  const struct bnk_resize *size = job->size;
  const struct bnk_lerp *ys = job->ys, *xs = job->xs;
  const size_t rows = size->batch * size->out_height, row = size->out_width * size->channels;
  const size_t begin = rows * task / job->tasks, end = rows * (task + 1) / job->tasks;
  float *stretched[2];
  stretched[0] = job->scratch + task * bnk_resize_scratch_floats(size);
  stretched[1] = stretched[0] + padded(row);
  float *buffer = stretched[1] + padded(row);
  size_t held[2] = {SIZE_MAX, SIZE_MAX};
  for (size_t i = begin; i < end; i++) {
    const size_t image = i / size->out_height;
    const struct bnk_lerp y = ys[i % size->out_height];
    const size_t wanted[2] = {
        image * size->in_height + (size_t)y.lower, image * size->in_height + (size_t)y.upper};
    int slot[2];
    for (int k = 0; k < 2; k++) {
      slot[k] = held[0] == wanted[k] ? 0 : held[1] == wanted[k] ? 1 : -1;
      if (slot[k] >= 0) continue;
      // Replace the row that this output row does not need.
      slot[k] = k == 0 ? (held[0] == wanted[1] ? 1 : 0) : 1 - slot[0];
      held[slot[k]] = wanted[k];
      const float *in = input_row(job, image, wanted[k] % size->in_height, buffer);
      lerp_row(in, stretched[slot[k]], xs, size->out_width, size->in_width, size->channels);
    }
    const float *top = stretched[slot[0]], *bottom = stretched[slot[1]];
    float *restrict out = job->out + i * row;
    for (size_t j = 0; j < row; j++) out[j] = top[j] + (bottom[j] - top[j]) * y.lerp;
  }
}

void bnk_resize_bilinear(
    enum bnk_dtype dtype, const void *in, float *out, const struct bnk_resize *size,
    const struct bnk_lerp *ys, const struct bnk_lerp *xs, float *scratch, size_t tasks) {
  if (size->in_height == size->out_height && size->in_width == size->out_width) {
    const size_t count = size->batch * size->in_height * size->in_width * size->channels;
    bnk_real_to_f32(dtype, in, count, out);
    return;
  }
  struct job job = {
      .dtype = dtype, .in = in, .out = out, .size = size, .ys = ys, .xs = xs, .scratch = scratch,
      .tasks = tasks};
  run(&job, bilinear_task);
}

// Bicubic: columns first

static void bicubic_task(void *context, size_t task) {
  const struct job *job = context;
  const struct bnk_resize *size = job->size;
  const struct bnk_cubic *ys = job->ys, *xs = job->xs;
  const size_t rows = size->batch * size->out_height, channels = size->channels;
  const size_t begin = rows * task / job->tasks, end = rows * (task + 1) / job->tasks;
  const size_t in_row = size->in_width * channels;
  float *mixed = job->scratch + task * bnk_resize_scratch_floats(size);
  float *buffer = mixed + padded(in_row);
  for (size_t i = begin; i < end; i++) {
    const size_t image = i / size->out_height;
    const struct bnk_cubic *y = &ys[i % size->out_height];
    for (int k = 0; k < 4; k++) {
      const float *in = input_row(job, image, (size_t)y->index[k], buffer);
      const float weight = y->weight[k];
      if (k == 0) {
        for (size_t j = 0; j < in_row; j++) mixed[j] = in[j] * weight;
      } else {
        for (size_t j = 0; j < in_row; j++) mixed[j] += in[j] * weight;
      }
    }
    float *out = job->out + i * size->out_width * channels;
    for (size_t x = 0; x < size->out_width; x++, out += channels) {
      const float *p[4];
      for (int k = 0; k < 4; k++) p[k] = mixed + (size_t)xs[x].index[k] * channels;
      const float *w = xs[x].weight;
      for (size_t c = 0; c < channels; c++) {
        out[c] = p[0][c] * w[0] + p[1][c] * w[1] + p[2][c] * w[2] + p[3][c] * w[3];
      }
    }
  }
}

void bnk_resize_bicubic(
    enum bnk_dtype dtype, const void *in, float *out, const struct bnk_resize *size,
    const struct bnk_cubic *ys, const struct bnk_cubic *xs, float *scratch, size_t tasks) {
  struct job job = {
      .dtype = dtype, .in = in, .out = out, .size = size, .ys = ys, .xs = xs, .scratch = scratch,
      .tasks = tasks};
  run(&job, bicubic_task);
}

// Area

static size_t bounded(int64_t x, size_t size) {
  return x < 0 ? 0 : x >= (int64_t)size ? size - 1 : (size_t)x;
}

static float weight(const struct bnk_area *area, int64_t cell) {
  return cell == area->start ? area->first : cell == area->end - 1 ? area->last : 1.0f;
}

static void area_task(void *context, size_t task) {
  const struct job *job = context;
  const struct bnk_resize *size = job->size;
  const struct bnk_area *ys = job->ys, *xs = job->xs;
  const size_t rows = size->batch * size->out_height, channels = size->channels;
  const size_t begin = rows * task / job->tasks, end = rows * (task + 1) / job->tasks;
  const size_t row = size->out_width * channels;
  float *summed = job->scratch + task * bnk_resize_scratch_floats(size);
  float *buffer = summed + padded(row);
  for (size_t i = begin; i < end; i++) {
    const struct bnk_area *y = &ys[i % size->out_height];
    float *restrict out = job->out + i * row;
    for (size_t j = 0; j < row; j++) out[j] = 0;
    for (int64_t cell = y->start; cell < y->end; cell++) {
      const float *in =
          input_row(job, i / size->out_height, bounded(cell, size->in_height), buffer);
      float *pixel = summed;
      for (size_t x = 0; x < size->out_width; x++, pixel += channels) {
        const struct bnk_area *area = &xs[x];
        const float *p = in + bounded(area->start, size->in_width) * channels;
        for (size_t c = 0; c < channels; c++) pixel[c] = p[c] * area->first;
        for (int64_t column = area->start + 1; column < area->end; column++) {
          const float w = weight(area, column);
          p = in + bounded(column, size->in_width) * channels;
          for (size_t c = 0; c < channels; c++) pixel[c] += p[c] * w;
        }
      }
      const float w = weight(y, cell);
      for (size_t j = 0; j < row; j++) out[j] += summed[j] * w;
    }
    for (size_t j = 0; j < row; j++) out[j] *= job->scale;
  }
}

void bnk_resize_area(
    enum bnk_dtype dtype, const void *in, float *out, const struct bnk_resize *size,
    const struct bnk_area *ys, const struct bnk_area *xs, float scale, float *scratch,
    size_t tasks) {
  struct job job = {
      .dtype = dtype, .in = in, .out = out, .size = size, .ys = ys, .xs = xs, .scale = scale,
      .scratch = scratch, .tasks = tasks};
  run(&job, area_task);
}

// Any kernel: rows first, then columns

static size_t span_length(const struct bnk_spans *spans, size_t i, size_t limit) {
  const size_t room = limit - (size_t)spans->starts[i];
  return spans->span < room ? spans->span : room;
}

static void resample_task(void *context, size_t task) {
  const struct job *job = context;
  const struct bnk_resize *size = job->size;
  const struct bnk_spans *ys = job->ys, *xs = job->xs;
  const size_t rows = size->batch * size->out_height, channels = size->channels;
  const size_t begin = rows * task / job->tasks, end = rows * (task + 1) / job->tasks;
  const size_t in_row = size->in_width * channels;
  float *mixed = job->scratch + task * bnk_resize_scratch_floats(size);
  float *buffer = mixed + padded(in_row);
  for (size_t i = begin; i < end; i++) {
    const size_t y = i % size->out_height, count = span_length(ys, y, size->in_height);
    for (size_t j = 0; j < in_row; j++) mixed[j] = 0;
    for (size_t k = 0; k < count; k++) {
      const float *in =
          input_row(job, i / size->out_height, (size_t)ys->starts[y] + k, buffer);
      const float w = ys->weights[y * ys->span + k];
      for (size_t j = 0; j < in_row; j++) mixed[j] += w * in[j];
    }
    float *out = job->out + i * size->out_width * channels;
    for (size_t x = 0; x < size->out_width; x++, out += channels) {
      const float *p = mixed + (size_t)xs->starts[x] * channels;
      const size_t span = span_length(xs, x, size->in_width);
      for (size_t c = 0; c < channels; c++) out[c] = 0;
      for (size_t k = 0; k < span; k++, p += channels) {
        const float w = xs->weights[x * xs->span + k];
        for (size_t c = 0; c < channels; c++) out[c] += w * p[c];
      }
    }
  }
}

void bnk_resample(
    enum bnk_dtype dtype, const void *in, float *out, const struct bnk_resize *size,
    const struct bnk_spans *rows, const struct bnk_spans *columns, float *scratch, size_t tasks) {
  struct job job = {
      .dtype = dtype, .in = in, .out = out, .size = size, .ys = rows, .xs = columns,
      .scratch = scratch, .tasks = tasks};
  run(&job, resample_task);
}

// Nearest neighbour

struct nearest_job {
  const char *in;
  char *out;
  const struct bnk_resize *size;
  size_t pixel;
  const int32_t *ys, *xs;
};

static void nearest_rows(void *context, size_t begin, size_t end) {
  const struct nearest_job *job = context;
  const struct bnk_resize *size = job->size;
  const size_t pixel = job->pixel;
  for (size_t i = begin; i < end; i++) {
    const size_t y = i % size->out_height, image = i / size->out_height;
    char *out = job->out + i * size->out_width * pixel;
    // Output rows of one input row are alike.
    if (i > begin && y > 0 && job->ys[y] == job->ys[y - 1]) {
      memcpy(out, out - size->out_width * pixel, size->out_width * pixel);
      continue;
    }
    const char *in =
        job->in + (image * size->in_height + (size_t)job->ys[y]) * size->in_width * pixel;
#define COPY(N)                                                                            \
  case N:                                                                                  \
    for (size_t x = 0; x < size->out_width; x++) {                                         \
      memcpy(out + x * (N), in + (size_t)job->xs[x] * (N), (N));                           \
    }                                                                                      \
    break
    switch (pixel) {
      COPY(1);
      COPY(2);
      COPY(3);
      COPY(4);
      COPY(8);
      COPY(12);
      COPY(16);
      default:
        for (size_t x = 0; x < size->out_width; x++) {
          memcpy(out + x * pixel, in + (size_t)job->xs[x] * pixel, pixel);
        }
    }
  }
}

void bnk_resize_nearest(
    const void *in, void *out, const struct bnk_resize *size, size_t pixel_bytes,
    const int32_t *ys, const int32_t *xs) {
  struct nearest_job job = {in, out, size, pixel_bytes, ys, xs};
  const size_t row = size->out_width * pixel_bytes;
  if (row == 0) return;
  bnk_parallel_for(size->batch * size->out_height, 1 + 65536 / row, nearest_rows, &job);
}
