// Batch normalisation of one tier.

enum type { type_float, type_half, type_bf16 };

BNK_INLINE vf load_as(const enum type type, const void *from, size_t at, int lanes) {
  const uint16_t *narrow = (const uint16_t *)from + at;
  if (type == type_float) {
    const float *wide = (const float *)from + at;
    return lanes == BNK_V ? v_load(wide) : v_load_first(wide, lanes);
  }
  const vn bits = lanes == BNK_V ? n_load(narrow) : n_load_first(narrow, lanes);
  return type == type_half ? v_from_half(bits) : v_from_bf16(bits);
}

BNK_INLINE void store_as(const enum type type, void *to, size_t at, vf value, int lanes) {
  if (type == type_float) {
    float *wide = (float *)to + at;
    if (lanes == BNK_V) {
      v_store(wide, value);
    } else {
      v_store_first(wide, value, lanes);
    }
    return;
  }
  uint16_t *narrow = (uint16_t *)to + at;
  const vn bits = type == type_half ? half_from_v(value) : bf16_from_v(value);
  if (lanes == BNK_V) {
    n_store(narrow, bits);
  } else {
    n_store_first(narrow, bits, lanes);
  }
}

/// N vectors of channels from channel `c` on; the last has `lanes`.
BNK_INLINE void sum_columns(const struct bnk_channel_sums *s, const enum type type, size_t c,
                            const int N, int lanes, const bool gradient) {
  vf pivot[4], first[4], second[4];
  BNK_UNROLL for (int i = 0; i < N; i++) {
    pivot[i] = load_as(type_float, s->pivot, c + (size_t)i * BNK_V, i < N - 1 ? BNK_V : lanes);
    first[i] = second[i] = v_zero();
  }
  for (size_t row = 0; row < s->rows; row++) {
    const size_t at = row * s->stride + c;
    BNK_UNROLL for (int i = 0; i < N; i++) {
      const int count = i < N - 1 ? BNK_V : lanes;
      const vf d = load_as(type, s->x, at + (size_t)i * BNK_V, count) - pivot[i];
      const vf other = gradient ? load_as(type, s->dy, at + (size_t)i * BNK_V, count) : d;
      first[i] += other;
      second[i] = v_fma(d, other, second[i]);
    }
  }
  BNK_UNROLL for (int i = 0; i < N; i++) {
    const int count = i < N - 1 ? BNK_V : lanes;
    store_as(type_float, s->first, c + (size_t)i * BNK_V, first[i], count);
    store_as(type_float, s->second, c + (size_t)i * BNK_V, second[i], count);
  }
}

BNK_INLINE void sum_all(const struct bnk_channel_sums *s, const enum type type,
                        const bool gradient) {
  size_t c = 0;
  for (; c + 4 * BNK_V <= s->channels; c += 4 * BNK_V) {
    sum_columns(s, type, c, 4, BNK_V, gradient);
  }
  for (; c < s->channels; c += BNK_V) {
    const int lanes = s->channels - c < BNK_V ? (int)(s->channels - c) : BNK_V;
    sum_columns(s, type, c, 1, lanes, gradient);
  }
}

/// A plain product and sum, with the product rounded to the type, or with the gradient's summand.
enum kind { kind_plain, kind_rounded, kind_gradient };

BNK_INLINE vf rounded(const enum type type, vf value) {
  if (type == type_float) return value;
  return type == type_half ? v_from_half(half_from_v(value)) : v_from_bf16(bf16_from_v(value));
}

/// The same vector of channels in N rows that are `period` elements apart.
BNK_INLINE void map_vectors(const struct bnk_channel_map *m, const enum type type, size_t at,
                            size_t channel, int lanes, const int N, const enum kind kind) {
  const bool gradient = kind == kind_gradient;
  const vf scale = load_as(type_float, m->scale, channel, lanes);
  const vf shift = load_as(type_float, m->shift, channel, lanes);
  const vf factor = gradient ? load_as(type_float, m->dy_scale, channel, lanes) : v_zero();
  const vf low = v_set1(m->low), high = v_set1(m->high);
  BNK_UNROLL for (int i = 0; i < N; i++) {
    const size_t place = at + (size_t)i * m->period;
    // Two roundings, as TensorFlow's two operations have.
    vf value = load_as(type, m->x, place, lanes) * scale;
    if (kind == kind_rounded) value = rounded(type, value);
    value += shift;
    if (gradient) value = v_fma(load_as(type, m->dy, place, lanes), factor, value);
    store_as(type, m->y, place, v_min(high, v_max(low, value)), lanes);
  }
}

BNK_INLINE void map_rows(const struct bnk_channel_map *m, const enum type type, size_t row,
                         size_t length, const int N, const enum kind kind) {
  size_t c = 0;
  for (; c + BNK_V <= length; c += BNK_V) map_vectors(m, type, row + c, c, BNK_V, N, kind);
  if (c < length) map_vectors(m, type, row + c, c, (int)(length - c), N, kind);
}

BNK_INLINE void map_all(const struct bnk_channel_map *m, const enum type type,
                        const enum kind kind) {
  size_t row = 0;
  for (; row + 4 * m->period <= m->count; row += 4 * m->period) {
    map_rows(m, type, row, m->period, 4, kind);
  }
  for (; row < m->count; row += m->period) {
    const size_t length = m->count - row < m->period ? m->count - row : m->period;
    map_rows(m, type, row, length, 1, kind);
  }
}

#define BNK_BATCH_NORM(TYPE)                                         \
  static void sums_##TYPE(const struct bnk_channel_sums *s) {        \
    if (s->dy) {                                                     \
      sum_all(s, type_##TYPE, true);                                 \
    } else {                                                         \
      sum_all(s, type_##TYPE, false);                                \
    }                                                                \
  }                                                                  \
  static void map_##TYPE(const struct bnk_channel_map *m) {          \
    if (m->dy) {                                                     \
      map_all(m, type_##TYPE, kind_gradient);                        \
    } else if (m->rounds) {                                          \
      map_all(m, type_##TYPE, kind_rounded);                         \
    } else {                                                         \
      map_all(m, type_##TYPE, kind_plain);                           \
    }                                                                \
  }

BNK_BATCH_NORM(float)
BNK_BATCH_NORM(half)
BNK_BATCH_NORM(bf16)

const struct bnk_batch_norm BNK_NAME(bnk_batch_norm)[3] = {
    {sums_float, map_float},
    {sums_half, map_half},
    {sums_bf16, map_bf16},
};
