// Pooling of one tier: vectors of channels, several at once.

#define BNK_MOST 4

/// A window of `lines` x `columns` pixels, for N vectors of channels of which the last has `lanes`.
BNK_INLINE void pool_window(const float *from, size_t line_step, size_t pixel_step, size_t lines,
                            size_t columns, bool average, const int N, int lanes, float *to) {
  vf acc[BNK_MOST];
  BNK_UNROLL for (int i = 0; i < N; i++) acc[i] = v_set1(average ? 0 : -3.4028234664e38f);
  for (size_t y = 0; y < lines; y++, from += line_step) {
    const float *pixel = from;
    for (size_t x = 0; x < columns; x++, pixel += pixel_step) {
      BNK_UNROLL for (int i = 0; i < N; i++) {
        const float *at = pixel + i * BNK_V;
        const vf value = i < N - 1 || lanes == BNK_V ? v_load(at) : v_load_first(at, lanes);
        acc[i] = average ? acc[i] + value : v_max(value, acc[i]);
      }
    }
  }
  const vf count = v_set1((float)(lines * columns));
  BNK_UNROLL for (int i = 0; i < N; i++) {
    const vf value = average ? acc[i] / count : acc[i];
    if (i < N - 1 || lanes == BNK_V) {
      v_store(to + i * BNK_V, value);
    } else {
      v_store_first(to + i * BNK_V, value, lanes);
    }
  }
}

BNK_INLINE void pool_pixel(const float *from, size_t line_step, size_t pixel_step, size_t lines,
                           size_t columns, bool average, size_t channels, float *to) {
  size_t c = 0;
  for (; c + BNK_MOST * BNK_V <= channels; c += BNK_MOST * BNK_V) {
    pool_window(from + c, line_step, pixel_step, lines, columns, average, BNK_MOST, BNK_V, to + c);
  }
  for (; c < channels; c += BNK_V) {
    const int lanes = channels - c < BNK_V ? (int)(channels - c) : BNK_V;
    pool_window(from + c, line_step, pixel_step, lines, columns, average, 1, lanes, to + c);
  }
}

/// The part of a window that starts at `from` (less the padding) which lies inside 0..<size.
BNK_INLINE size_t clip_window(size_t at, size_t padding, size_t kernel, size_t size,
                              size_t *first) {
  const size_t begin = at < padding ? 0 : at - padding;
  size_t end = at + kernel < padding ? 0 : at + kernel - padding;
  if (end > size) end = size;
  *first = begin < size ? begin : 0;
  return end > begin ? end - begin : 0;
}

static void line(const struct bnk_pool2d_shape *s, bool average, const float *input, size_t line,
                 float *output) {
  const size_t lines = bnk_pool2d_output_height(s), columns = bnk_pool2d_output_width(s);
  const size_t pixel_step = s->input_pixel_stride, line_step = s->width * pixel_step;
  size_t y, x;
  const size_t height =
      clip_window(line % lines * s->stride_height, s->pad_top, s->kernel_height, s->height, &y);
  const float *image = input + (line / lines * s->height + y) * line_step;
  float *to = output + line * columns * s->output_pixel_stride;
  for (size_t column = 0; column < columns; column++, to += s->output_pixel_stride) {
    const size_t width =
        clip_window(column * s->stride_width, s->pad_left, s->kernel_width, s->width, &x);
    const float *from = image + x * pixel_step;
    if (average) {
      pool_pixel(from, line_step, pixel_step, height, width, true, s->channels, to);
    } else {
      pool_pixel(from, line_step, pixel_step, height, width, false, s->channels, to);
    }
  }
}

static void mean(size_t pixels, size_t channels, size_t stride, const float *input,
                 float *output) {
  pool_pixel(input, 0, stride, 1, pixels, true, channels, output);
}

const struct bnk_pool2d BNK_NAME(bnk_pool2d) = {.line = line, .mean = mean};
