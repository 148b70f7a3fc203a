// sigmoid_f32 and swish_f32 of math/f32.h, with the same roundings, in the words of AVX-512.

BNK_INLINE __m512 sigmoid_vector(__m512 x) {
  // NaN passes: it is the second operand.
  const __m512 half = _mm512_set1_ps(0.5f), one = _mm512_set1_ps(1.0f);
  __m512 c = _mm512_min_ps(_mm512_set1_ps(16.6355324f), x);
  c = _mm512_mul_ps(_mm512_max_ps(_mm512_set1_ps(-104.0f), c), half);
  const __m512 scaled = _mm512_mul_ps(c, _mm512_set1_ps(1.442695041f));
  const __m512 n = _mm512_roundscale_ps(_mm512_add_ps(scaled, half),
                                        _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  // Exact with or without the rounding of the product: n has few bits.
  __m512 r = _mm512_fmadd_ps(n, _mm512_set1_ps(-0.693359375f), c);
  r = _mm512_add_ps(_mm512_mul_ps(n, _mm512_set1_ps(2.12194440e-4f)), r);
  const __m512 s = _mm512_mul_ps(r, r);
  const __m512 p2 = _mm512_add_ps(_mm512_mul_ps(s, _mm512_set1_ps(4.1898667812e-2f)),
                                  _mm512_set1_ps(0.4999914169f));
  const __m512 p3 = _mm512_add_ps(_mm512_mul_ps(s, _mm512_set1_ps(8.3347130567e-3f)),
                                  _mm512_set1_ps(0.1666687727f));
  const __m512 q = _mm512_add_ps(_mm512_mul_ps(r, p3), p2);
  const __m512 p = _mm512_add_ps(_mm512_mul_ps(s, q), _mm512_add_ps(r, one));
  const __m512 root = _mm512_scalef_ps(p, n);
  const __m512 e = _mm512_mul_ps(root, root);
  const __m512 y = _mm512_div_ps(e, _mm512_add_ps(one, e));
  const __mmask16 seen = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-104.0f), _CMP_NLT_UQ);
  return _mm512_maskz_mov_ps(seen, y);
}

BNK_INLINE __m512 swish_vector(__m512 x) {
  const __m512 lowest = _mm512_set1_ps(-87.33654785f), one = _mm512_set1_ps(1.0f);
  const __m512 a = _mm512_or_ps(x, _mm512_set1_ps(-0.0f));
  const __m512 c = _mm512_max_ps(lowest, a);
  const __m512 scaled = _mm512_mul_ps(c, _mm512_set1_ps(1.442695041f));
  const __m512 n = _mm512_roundscale_ps(_mm512_add_ps(scaled, _mm512_set1_ps(0.5f)),
                                        _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  const __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.6931471825f), c);
  __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(8.289290592e-3f), r, _mm512_set1_ps(4.189782217e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.666765213e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.999915063e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(9.999997020e-1f));
  p = _mm512_fmadd_ps(p, r, one);
  const __mmask16 seen = _mm512_cmp_ps_mask(a, lowest, _CMP_NLT_UQ);
  const __m512 e = _mm512_maskz_scalef_ps(seen, p, n);
  const __m512 l = _mm512_div_ps(e, _mm512_add_ps(e, one));
  const __mmask16 positive = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ);
  return _mm512_mul_ps(x, _mm512_mask_sub_ps(l, positive, one, l));
}

BNK_INLINE void logistic_body(size_t rows, size_t n, float *values, size_t stride,
                              const int times_x) {
  for (size_t i = 0; i < rows; i++) {
    float *at = values + i * stride;
    for (size_t j = 0; j < n; j += 16) {
      const __mmask16 lanes = n - j < 16 ? (__mmask16)((1u << (n - j)) - 1) : (__mmask16)0xffff;
      const __m512 x = _mm512_maskz_loadu_ps(lanes, at + j);
      _mm512_mask_storeu_ps(at + j, lanes, times_x ? swish_vector(x) : sigmoid_vector(x));
    }
  }
}

static void logistic_rows(size_t rows, size_t n, float *values, size_t stride, int times_x) {
  if (times_x) {
    logistic_body(rows, n, values, stride, 1);
  } else {
    logistic_body(rows, n, values, stride, 0);
  }
}
