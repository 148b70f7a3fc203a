// A template (see math/tier.h): the loops of reductions.

// Sums may be reordered inside one call: the compiler picks the lanes, the caller the calls.
#define ROWS(name, T, A, INIT, STEP, JOIN)                                                \
  static void name##_rows(const void *xv, size_t rows, size_t n, void *accv) {            \
    _Pragma("clang fp reassociate(on)") const T *x = xv;                                  \
    A *acc = accv;                                                                        \
    for (size_t r = 0; r < rows; r++, x += n) {                                           \
      A s = INIT;                                                                         \
      for (size_t i = 0; i < n; i++) {                                                    \
        const A v = (A)x[i];                                                              \
        s = STEP;                                                                         \
      }                                                                                   \
      const A t = acc[r];                                                                 \
      acc[r] = JOIN;                                                                      \
    }                                                                                     \
  }

#define COLUMNS(name, T, A, STEP)                                                         \
  static void name##_columns(const void *xv, size_t rows, size_t columns, size_t stride,  \
                             void *accv) {                                                \
    const T *x = xv;                                                                      \
    A *acc = accv;                                                                        \
    for (size_t r = 0; r < rows; r++, x += stride) {                                      \
      BNK_SIMD_LOOP                                                                       \
      for (size_t k = 0; k < columns; k++) {                                              \
        const A v = (A)x[k], s = acc[k];                                                  \
        acc[k] = STEP;                                                                    \
      }                                                                                   \
    }                                                                                     \
  }

// Four rows at a time, so that the accumulators are loaded and stored less often.
#define SUM_COLUMNS(name, T, A, F)                                                        \
  static void name##_columns(const void *xv, size_t rows, size_t columns, size_t stride,  \
                             void *accv) {                                                \
    const T *x = xv;                                                                      \
    A *acc = accv;                                                                        \
    size_t r = 0;                                                                         \
    for (; r + 4 <= rows; r += 4, x += 4 * stride) {                                      \
      BNK_SIMD_LOOP                                                                       \
      for (size_t k = 0; k < columns; k++) {                                              \
        const A a = (A)x[k], b = (A)x[k + stride];                                        \
        const A c = (A)x[k + 2 * stride], d = (A)x[k + 3 * stride];                       \
        acc[k] += (F(a) + F(b)) + (F(c) + F(d));                                          \
      }                                                                                   \
    }                                                                                     \
    for (; r < rows; r++, x += stride) {                                                  \
      BNK_SIMD_LOOP                                                                       \
      for (size_t k = 0; k < columns; k++) {                                              \
        const A a = (A)x[k];                                                              \
        acc[k] += F(a);                                                                   \
      }                                                                                   \
    }                                                                                     \
  }

#define ID(x) (x)
#define SQUARE(x) ((x) * (x))

#define ARITHMETIC(P, T, A)                                                               \
  ROWS(P##_sum, T, A, 0, s + v, t + s)                                                    \
  ROWS(P##_squares, T, A, 0, s + v * v, t + s)                                            \
  ROWS(P##_prod, T, A, 1, s *v, t *s)                                                     \
  SUM_COLUMNS(P##_sum, T, A, ID)                                                          \
  SUM_COLUMNS(P##_squares, T, A, SQUARE)                                                  \
  COLUMNS(P##_prod, T, A, s *v)

ARITHMETIC(f32, float, double)
ARITHMETIC(f64, double, double)
// Unsigned, since sums wrap.
ARITHMETIC(i64, uint64_t, uint64_t)

// The better of four rows first, so that the accumulators are loaded and stored less often.
#define EXTREMUM_COLUMNS(name, T, A, CMP)                                                 \
  static void name##_columns(const void *xv, size_t rows, size_t columns, size_t stride,  \
                             void *accv) {                                                \
    const T *x = xv;                                                                      \
    A *acc = accv;                                                                        \
    size_t r = 0;                                                                         \
    for (; r + 4 <= rows; r += 4, x += 4 * stride) {                                      \
      BNK_SIMD_LOOP                                                                       \
      for (size_t k = 0; k < columns; k++) {                                              \
        const T a = x[k], b = x[k + stride];                                              \
        const T c = x[k + 2 * stride], d = x[k + 3 * stride];                             \
        const T ab = (a CMP b || a != a) ? a : b, cd = (c CMP d || c != c) ? c : d;       \
        const A v = (A)((ab CMP cd || ab != ab) ? ab : cd), s = acc[k];                   \
        acc[k] = (v CMP s || v != v) ? v : s;                                             \
      }                                                                                   \
    }                                                                                     \
    for (; r < rows; r++, x += stride) {                                                  \
      BNK_SIMD_LOOP                                                                       \
      for (size_t k = 0; k < columns; k++) {                                              \
        const A v = (A)x[k], s = acc[k];                                                  \
        acc[k] = (v CMP s || v != v) ? v : s;                                             \
      }                                                                                   \
    }                                                                                     \
  }

EXTREMUM_COLUMNS(f32_max, float, double, >)
EXTREMUM_COLUMNS(f32_min, float, double, <)
EXTREMUM_COLUMNS(f64_max, double, double, >)
EXTREMUM_COLUMNS(f64_min, double, double, <)
COLUMNS(i64_max, int64_t, int64_t, v > s ? v : s)
COLUMNS(i64_min, int64_t, int64_t, v < s ? v : s)
COLUMNS(u64_max, uint64_t, uint64_t, v > s ? v : s)
COLUMNS(u64_min, uint64_t, uint64_t, v < s ? v : s)
ROWS(i64_max, int64_t, int64_t, INT64_MIN, v > s ? v : s, t > s ? t : s)
ROWS(i64_min, int64_t, int64_t, INT64_MAX, v < s ? v : s, t < s ? t : s)
ROWS(u64_max, uint64_t, uint64_t, 0, v > s ? v : s, t > s ? t : s)
ROWS(u64_min, uint64_t, uint64_t, UINT64_MAX, v < s ? v : s, t < s ? t : s)

// Maxima of floats are found on their bits, as integers that are ordered alike: integer maxima
// vectorise as reductions, and NaN, made the extreme one, wins.
#define FLOAT_EXTREMUM(name, F, U, I, SHIFT, INF_BITS, NAN_BITS, FIRST, CMP)              \
  static void name##_rows(const void *xv, size_t rows, size_t n, void *accv) {            \
    const F *x = xv;                                                                      \
    double *acc = accv;                                                                   \
    const I top = (I)((U)-1 >> 1);                                                        \
    for (size_t r = 0; r < rows; r++, x += n) {                                           \
      I best = FIRST;                                                                     \
      for (size_t i = 0; i < n; i++) {                                                    \
        I bits;                                                                           \
        memcpy(&bits, &x[i], sizeof bits);                                                \
        bits = (bits & top) > (I)INF_BITS ? (I)NAN_BITS : bits;                           \
        bits ^= (bits >> SHIFT) & top;                                                    \
        best = bits CMP best ? bits : best;                                               \
      }                                                                                   \
      best ^= (best >> SHIFT) & top;                                                      \
      F found;                                                                            \
      memcpy(&found, &best, sizeof found);                                                \
      if (n > 0 && (found CMP acc[r] || found != found)) acc[r] = (double)found;          \
    }                                                                                     \
  }

FLOAT_EXTREMUM(f32_max, float, uint32_t, int32_t, 31, 0x7f800000, 0x7fc00000, INT32_MIN, >)
FLOAT_EXTREMUM(f32_min, float, uint32_t, int32_t, 31, 0x7f800000, 0xffc00000u, INT32_MAX, <)
FLOAT_EXTREMUM(f64_max, double, uint64_t, int64_t, 63, 0x7ff0000000000000, 0x7ff8000000000000,
               INT64_MIN, >)
FLOAT_EXTREMUM(f64_min, double, uint64_t, int64_t, 63, 0x7ff0000000000000,
               0xfff8000000000000ull, INT64_MAX, <)

#define ENTRY(name) {name##_rows, name##_columns}

bnk_fold_table BNK_NAME(bnk_fold_table) = {
    [BNK_HUB_F32] = {ENTRY(f32_sum), ENTRY(f32_squares), ENTRY(f32_prod), ENTRY(f32_max),
                     ENTRY(f32_min)},
    [BNK_HUB_F64] = {ENTRY(f64_sum), ENTRY(f64_squares), ENTRY(f64_prod), ENTRY(f64_max),
                     ENTRY(f64_min)},
    [BNK_HUB_I64] = {ENTRY(i64_sum), ENTRY(i64_squares), ENTRY(i64_prod), ENTRY(i64_max),
                     ENTRY(i64_min)},
    [BNK_HUB_U64] = {ENTRY(i64_sum), ENTRY(i64_squares), ENTRY(i64_prod), ENTRY(u64_max),
                     ENTRY(u64_min)},
};

// Sums of floats as floats, in the order of TensorFlow's additions: from 16 rows on four sums that
// take turns, else one.
#define PART 64

static void sum_part(const float *x, size_t rows, size_t columns, size_t stride, double *acc) {
  float a[PART] = {0}, b[PART] = {0}, c[PART] = {0}, d[PART] = {0};
  size_t r = 0;
  if (rows >= 16) {
    for (; r + 4 <= rows; r += 4, x += 4 * stride) {
      BNK_SIMD_LOOP
      for (size_t k = 0; k < columns; k++) {
        a[k] += x[k];
        b[k] += x[k + stride];
        c[k] += x[k + 2 * stride];
        d[k] += x[k + 3 * stride];
      }
    }
    for (size_t k = 0; k < columns; k++) a[k] = ((a[k] + b[k]) + c[k]) + d[k];
  }
  for (; r < rows; r++, x += stride) {
    BNK_SIMD_LOOP
    for (size_t k = 0; k < columns; k++) a[k] += x[k];
  }
  for (size_t k = 0; k < columns; k++) acc[k] = (double)a[k];
}

static void sum_columns_f32(const void *xv, size_t rows, size_t columns, size_t stride,
                            void *accv) {
  const float *x = xv;
  double *acc = accv;
  for (size_t k = 0; k < columns; k += PART) {
    sum_part(x + k, rows, columns - k < PART ? columns - k : PART, stride, acc + k);
  }
}

const bnk_fold_columns BNK_NAME(bnk_sum_columns_f32) = sum_columns_f32;
