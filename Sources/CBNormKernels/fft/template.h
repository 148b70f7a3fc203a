// A template: transforms of LANES lines side by side. A source file sets T (float or double), LANES
// and NAME(x), which adds a suffix.
//
// Everything runs forward; backward is forward with real and imaginary parts exchanged on the way in
// and out.
#include <string.h>

#include "plan.h"

#if LANES == 1
typedef T NAME(vec);
#else
typedef T NAME(vec) __attribute__((vector_size(LANES * sizeof(T)), aligned(16)));
#endif
#define V NAME(vec)

typedef struct {
  V re, im;
} NAME(complex);
#define C NAME(complex)

#define INLINE static inline __attribute__((always_inline))

INLINE C NAME(add)(C a, C b) { return (C){a.re + b.re, a.im + b.im}; }
INLINE C NAME(sub)(C a, C b) { return (C){a.re - b.re, a.im - b.im}; }
/// a times the table's w.
INLINE C NAME(mul)(C a, const T *w) {
  return (C){a.re * w[0] - a.im * w[1], a.re * w[1] + a.im * w[0]};
}
/// a times -i.
INLINE C NAME(turn)(C a) { return (C){a.im, -a.re}; }
INLINE C NAME(scaled)(C a, T s) { return (C){a.re * s, a.im * s}; }

// One pass of factor f: `in` is [count][f][inner], `out` is [f][count][inner].

#define IN(q) in[(k * f + (q)) * inner + i]
#define OUT(q) out[((q) * count + k) * inner + i]
#define W(q) (w + 2 * (((q) - 1) * inner + i))

static void NAME(pass2)(size_t count, size_t inner, const C *in, C *out, const T *w) {
  const size_t f = 2;
  for (size_t k = 0; k < count; k++) {
    for (size_t i = 0; i < inner; i++) {
      const C a = IN(0), b = IN(1);
      OUT(0) = NAME(add)(a, b);
      OUT(1) = NAME(mul)(NAME(sub)(a, b), W(1));
    }
  }
}

static void NAME(pass3)(size_t count, size_t inner, const C *in, C *out, const T *w) {
  const size_t f = 3;
  const T half = (T)-0.5, sine = (T)0.86602540378443864676372317075294;
  for (size_t k = 0; k < count; k++) {
    for (size_t i = 0; i < inner; i++) {
      const C a = IN(0), sum = NAME(add)(IN(1), IN(2)), difference = NAME(sub)(IN(1), IN(2));
      const C middle = NAME(add)(a, NAME(scaled)(sum, half));
      const C side = NAME(scaled)(NAME(turn)(difference), sine);
      OUT(0) = NAME(add)(a, sum);
      OUT(1) = NAME(mul)(NAME(add)(middle, side), W(1));
      OUT(2) = NAME(mul)(NAME(sub)(middle, side), W(2));
    }
  }
}

static void NAME(pass4)(size_t count, size_t inner, const C *in, C *out, const T *w) {
  const size_t f = 4;
  for (size_t k = 0; k < count; k++) {
    for (size_t i = 0; i < inner; i++) {
      const C a = NAME(add)(IN(0), IN(2)), b = NAME(sub)(IN(0), IN(2));
      const C c = NAME(add)(IN(1), IN(3)), d = NAME(turn)(NAME(sub)(IN(1), IN(3)));
      OUT(0) = NAME(add)(a, c);
      OUT(1) = NAME(mul)(NAME(add)(b, d), W(1));
      OUT(2) = NAME(mul)(NAME(sub)(a, c), W(2));
      OUT(3) = NAME(mul)(NAME(sub)(b, d), W(3));
    }
  }
}

static void NAME(pass5)(size_t count, size_t inner, const C *in, C *out, const T *w) {
  const size_t f = 5;
  const T c1 = (T)0.30901699437494742410229341718282, s1 = (T)0.95105651629515357211643933337938;
  const T c2 = (T)-0.80901699437494742410229341718282, s2 = (T)0.58778525229247312916870595463907;
  for (size_t k = 0; k < count; k++) {
    for (size_t i = 0; i < inner; i++) {
      const C a = IN(0);
      const C p1 = NAME(add)(IN(1), IN(4)), m1 = NAME(turn)(NAME(sub)(IN(1), IN(4)));
      const C p2 = NAME(add)(IN(2), IN(3)), m2 = NAME(turn)(NAME(sub)(IN(2), IN(3)));
      const C x1 = {a.re + p1.re * c1 + p2.re * c2, a.im + p1.im * c1 + p2.im * c2};
      const C x2 = {a.re + p1.re * c2 + p2.re * c1, a.im + p1.im * c2 + p2.im * c1};
      const C y1 = {m1.re * s1 + m2.re * s2, m1.im * s1 + m2.im * s2};
      const C y2 = {m1.re * s2 - m2.re * s1, m1.im * s2 - m2.im * s1};
      OUT(0) = NAME(add)(a, NAME(add)(p1, p2));
      OUT(1) = NAME(mul)(NAME(add)(x1, y1), W(1));
      OUT(2) = NAME(mul)(NAME(add)(x2, y2), W(2));
      OUT(3) = NAME(mul)(NAME(sub)(x2, y2), W(3));
      OUT(4) = NAME(mul)(NAME(sub)(x1, y1), W(4));
    }
  }
}

/// Any odd factor: pairs of outputs from sums and differences of pairs of inputs.
static void NAME(pass_any)(
    size_t f, size_t count, size_t inner, const C *in, C *out, const T *w, const T *roots) {
  for (size_t k = 0; k < count; k++) {
    for (size_t i = 0; i < inner; i++) {
      C sum = IN(0);
      for (size_t q = 1; q < f; q++) sum = NAME(add)(sum, IN(q));
      OUT(0) = sum;
      for (size_t p = 1; 2 * p < f; p++) {
        C x = IN(0), y = {x.re * 0, x.re * 0};
        size_t at = 0;
        for (size_t q = 1; 2 * q < f; q++) {
          at += p;
          if (at >= f) at -= f;
          const C plus = NAME(add)(IN(q), IN(f - q)), minus = NAME(sub)(IN(q), IN(f - q));
          const T c = roots[2 * at], s = roots[2 * at + 1];
          x.re += plus.re * c;
          x.im += plus.im * c;
          // i times minus times the sine
          y.re -= minus.im * s;
          y.im += minus.re * s;
        }
        OUT(p) = NAME(mul)(NAME(add)(x, y), W(p));
        OUT(f - p) = NAME(mul)(NAME(sub)(x, y), W(f - p));
      }
    }
  }
}

#undef IN
#undef OUT
#undef W

/// Transforms `a`, with `b` of the same length as the other buffer; returns where the result is.
static C *NAME(passes)(const struct bnk_fft_core *core, const T *tables, C *a, C *b) {
  size_t count = 1;
  for (int i = 0; i < core->factor_count; i++) {
    const size_t f = core->factors[i], inner = core->length / (count * f);
    const T *w = tables + 2 * core->twiddles[i];
    switch (f) {
      case 2: NAME(pass2)(count, inner, a, b, w); break;
      case 3: NAME(pass3)(count, inner, a, b, w); break;
      case 4: NAME(pass4)(count, inner, a, b, w); break;
      case 5: NAME(pass5)(count, inner, a, b, w); break;
      default: NAME(pass_any)(f, count, inner, a, b, w, tables + 2 * core->roots[i]);
    }
    count *= f;
    C *t = a;
    a = b;
    b = t;
  }
  return a;
}

/// The complex transform of `a` (core.length values); `rest` is the memory behind it.
static C *NAME(transform)(const struct bnk_fft_plan *plan, C *a, C *rest) {
  const T *tables = plan->tables;
  const struct bnk_fft_core *core = &plan->core;
  if (!core->convolution) return NAME(passes)(core, tables, a, rest);
  const size_t n = core->length, m = core->convolution;
  const T *chirp = tables + 2 * core->chirp, *kernel = tables + 2 * core->kernel;
  C *x = rest, *y = rest + m;
  const V zero = a[0].re * 0;
  for (size_t k = 0; k < n; k++) x[k] = NAME(mul)(a[k], chirp + 2 * k);
  for (size_t k = n; k < m; k++) x[k] = (C){zero, zero};
  C *found = NAME(passes)(&plan->inner, tables, x, y);
  C *other = found == x ? y : x;
  // Conjugated before and after, the forward transform is the backward one.
  for (size_t k = 0; k < m; k++) {
    const C z = NAME(mul)(found[k], kernel + 2 * k);
    found[k] = (C){z.re, -z.im};
  }
  found = NAME(passes)(&plan->inner, tables, found, other);
  for (size_t k = 0; k < n; k++) {
    a[k] = NAME(mul)((C){found[k].re, -found[k].im}, chirp + 2 * k);
  }
  return a;
}

// Reading and writing lines

/// Element `at` of every line.
INLINE V NAME(read)(const T *const lines[LANES], size_t at) {
#if LANES == 1
  return lines[0][at];
#else
  V v;
  for (int lane = 0; lane < LANES; lane++) v[lane] = lines[lane][at];
  return v;
#endif
}

INLINE void NAME(write)(T *const lines[LANES], size_t count, size_t at, V v) {
#if LANES == 1
  (void)count;
  lines[0][at] = v;
#else
  if (count == LANES) {
    for (int lane = 0; lane < LANES; lane++) lines[lane][at] = v[lane];
  } else {
    for (size_t lane = 0; lane < count; lane++) lines[lane][at] = v[lane];
  }
#endif
}

/// Complex value `k` of every line, zero past the end.
INLINE C NAME(read_complex)(const struct bnk_fft_lines *layout, const T *const lines[LANES], size_t k) {
  if (k >= layout->in_length) return (C){(V){0}, (V){0}};
  const size_t at = 2 * k * layout->in_stride;
  return (C){NAME(read)(lines, at), NAME(read)(lines, at + 1)};
}

static void NAME(load_real)(const struct bnk_fft_share *share, const T *const in[LANES], C *a) {
  const size_t n = share->plan->length, length = share->lines->in_length;
  const size_t stride = share->lines->in_stride;
  const V zero = {0};
  if (n % 2 == 1) {
    for (size_t k = 0; k < n; k++) {
      a[k] = (C){k < length ? NAME(read)(in, k * stride) : zero, zero};
    }
    return;
  }
  // Even samples are the real parts, odd ones the imaginary parts.
  for (size_t k = 0; k < n / 2; k++) {
    a[k].re = 2 * k < length ? NAME(read)(in, 2 * k * stride) : zero;
    a[k].im = 2 * k + 1 < length ? NAME(read)(in, (2 * k + 1) * stride) : zero;
  }
}

static void NAME(load_complex)(const struct bnk_fft_share *share, const T *const in[LANES], C *a) {
  const size_t n = share->plan->length;
  for (size_t k = 0; k < n; k++) {
    const C x = NAME(read_complex)(share->lines, in, k);
    a[k] = share->backward ? (C){x.im, x.re} : x;
  }
}

/// The half spectrum and its conjugate, exchanged for the backward transform. The imaginary part of
/// the first value (and of the last of an even length) does not count.
static void NAME(load_half)(const struct bnk_fft_share *share, const T *const in[LANES], C *a) {
  const struct bnk_fft_plan *plan = share->plan;
  const size_t n = plan->length, half = n / 2;
  const V zero = {0};
  if (n % 2 == 1) {
    for (size_t k = 0; k <= half; k++) {
      const C x = NAME(read_complex)(share->lines, in, k);
      a[k] = (C){k > 0 ? x.im : zero, x.re};
      if (k > 0) a[n - k] = (C){-x.im, x.re};
    }
    return;
  }
  const T *split = (const T *)plan->tables + 2 * plan->split;
  for (size_t k = 0; 2 * k <= half; k++) {
    const size_t j = half - k;
    C x = NAME(read_complex)(share->lines, in, k), y = NAME(read_complex)(share->lines, in, j);
    if (k == 0) x.im = y.im = zero;
    // Even samples: x + conj(y); odd ones: (x - conj(y)) exp(2 pi i k / n).
    const C even = {x.re + y.re, x.im - y.im}, other = {x.re - y.re, x.im + y.im};
    const T c = split[2 * k], s = -split[2 * k + 1];
    const C odd = {other.re * c - other.im * s, other.re * s + other.im * c};
    a[k] = (C){even.im + odd.re, even.re - odd.im};
    if (k > 0) a[j] = (C){odd.re - even.im, even.re + odd.im};
  }
}

static void NAME(store_complex)(
    const struct bnk_fft_share *share, T *const out[LANES], size_t count, const C *a) {
  const size_t n = share->plan->length, stride = share->lines->out_stride;
  const T scale = (T)share->scale;
  for (size_t k = 0; k < n; k++) {
    const C x = NAME(scaled)(a[k], scale);
    NAME(write)(out, count, 2 * k * stride, share->backward ? x.im : x.re);
    NAME(write)(out, count, 2 * k * stride + 1, share->backward ? x.re : x.im);
  }
}

static void NAME(store_real)(
    const struct bnk_fft_share *share, T *const out[LANES], size_t count, const C *a) {
  const size_t n = share->plan->length, stride = share->lines->out_stride;
  const T scale = (T)share->scale;
  if (n % 2 == 1) {
    for (size_t k = 0; k < n; k++) NAME(write)(out, count, k * stride, a[k].im * scale);
    return;
  }
  for (size_t k = 0; k < n / 2; k++) {
    NAME(write)(out, count, 2 * k * stride, a[k].im * scale);
    NAME(write)(out, count, (2 * k + 1) * stride, a[k].re * scale);
  }
}

static void NAME(store_half)(
    const struct bnk_fft_share *share, T *const out[LANES], size_t count, const C *a) {
  const struct bnk_fft_plan *plan = share->plan;
  const size_t n = plan->length, half = n / 2, stride = share->lines->out_stride;
  const T scale = (T)share->scale;
  const V zero = {0};
  if (n % 2 == 1) {
    for (size_t k = 0; k <= half; k++) {
      NAME(write)(out, count, 2 * k * stride, a[k].re * scale);
      NAME(write)(out, count, 2 * k * stride + 1, k == 0 ? zero : a[k].im * scale);
    }
    return;
  }
  const T *split = (const T *)plan->tables + 2 * plan->split;
  for (size_t k = 0; 2 * k <= half; k++) {
    const size_t j = half - k;
    const C x = a[k], y = a[j % half];
    // Even samples: half of x + conj(y); odd ones: half of -i (x - conj(y)).
    const C even = {(x.re + y.re) / 2, (x.im - y.im) / 2};
    const C odd = {(x.im + y.im) / 2, (y.re - x.re) / 2};
    const T c = split[2 * k], s = split[2 * k + 1];
    const C turned = {odd.re * c - odd.im * s, odd.re * s + odd.im * c};
    NAME(write)(out, count, 2 * k * stride, (even.re + turned.re) * scale);
    NAME(write)(out, count, 2 * k * stride + 1, k == 0 ? zero : (even.im + turned.im) * scale);
    NAME(write)(out, count, 2 * j * stride, (even.re - turned.re) * scale);
    NAME(write)(out, count, 2 * j * stride + 1, k == 0 ? zero : (turned.im - even.im) * scale);
  }
}

void NAME(bnk_fft_share)(const struct bnk_fft_share *share) {
  const struct bnk_fft_plan *plan = share->plan;
  const struct bnk_fft_lines *lines = share->lines;
  const size_t in_parts = plan->kind == BNK_FFT_REAL ? 1 : 2;
  const size_t out_parts = plan->kind == BNK_FFT_TO_REAL ? 1 : 2;
  C *a = share->scratch, *rest = a + plan->core.length;
  for (size_t line = share->begin; line < share->end; line += LANES) {
    const size_t count = share->end - line < LANES ? share->end - line : LANES;
    const T *in[LANES];
    T *out[LANES];
    for (size_t lane = 0; lane < LANES; lane++) {
      // Lanes without a line repeat the first one.
      size_t rest_of_line = line + (lane < count ? lane : 0), from = 0, to = 0;
      for (int d = lines->rank - 1; d >= 0; d--) {
        const size_t i = rest_of_line % lines->dims[d];
        rest_of_line /= lines->dims[d];
        from += i * lines->in_strides[d];
        to += i * lines->out_strides[d];
      }
      in[lane] = (const T *)share->in + in_parts * from;
      out[lane] = (T *)share->out + out_parts * to;
    }
    switch (plan->kind) {
      case BNK_FFT_REAL: NAME(load_real)(share, in, a); break;
      case BNK_FFT_TO_REAL: NAME(load_half)(share, in, a); break;
      default: NAME(load_complex)(share, in, a);
    }
    const C *found = NAME(transform)(plan, a, rest);
    switch (plan->kind) {
      case BNK_FFT_REAL: NAME(store_half)(share, out, count, found); break;
      case BNK_FFT_TO_REAL: NAME(store_real)(share, out, count, found); break;
      default: NAME(store_complex)(share, out, count, found);
    }
  }
}

#undef V
#undef C
