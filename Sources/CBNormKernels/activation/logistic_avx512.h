// x -> 1 / (1 + exp(-x)) and x -> x / (1 + exp(-x)) with what AVX-512 has for it: scaling by powers
// of two without overflow and an approximate reciprocal.

BNK_INLINE __m512 logistic_vector(__m512 x) {
  // exp(-x) stays finite and above zero. NaN passes: it is the second operand.
  __m512 t = _mm512_min_ps(_mm512_set1_ps(88.7f), _mm512_sub_ps(_mm512_setzero_ps(), x));
  t = _mm512_max_ps(_mm512_set1_ps(-88.7f), t);
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(t, _mm512_set1_ps(1.442695041f)), 0);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), t);
  r = _mm512_fmadd_ps(n, _mm512_set1_ps(2.12194440e-4f), r);
  __m512 p = _mm512_set1_ps(1.381443231e-3f);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.368796669e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.166839644e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.666651964e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.999999404e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  const __m512 d = _mm512_add_ps(_mm512_scalef_ps(p, n), _mm512_set1_ps(1.0f));
  // One Newton step doubles the 14 bits of the approximation.
  const __m512 q = _mm512_rcp14_ps(d);
  return _mm512_fmadd_ps(_mm512_fnmadd_ps(d, q, _mm512_set1_ps(1.0f)), q, q);
}

static void logistic_rows(size_t rows, size_t n, float *values, size_t stride, int times_x) {
  for (size_t i = 0; i < rows; i++) {
    float *at = values + i * stride;
    for (size_t j = 0; j < n; j += 16) {
      const __mmask16 lanes = n - j < 16 ? (__mmask16)((1u << (n - j)) - 1) : 0xffff;
      const __m512 x = _mm512_maskz_loadu_ps(lanes, at + j);
      const __m512 y = logistic_vector(x);
      _mm512_mask_storeu_ps(at + j, lanes, times_x ? _mm512_mul_ps(x, y) : y);
    }
  }
}
