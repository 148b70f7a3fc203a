// x -> 1 / (1 + exp(-x)) and x -> x / (1 + exp(-x)) with what AVX-512 has for it: a table in a
// register.

/// 2^(j / 16) for j in 0..<16, less j << 19 in their bits: the power of two that belongs to a number
/// of sixteenths n is then the entry n % 16 and n << 19, added as integers.
static const uint32_t logistic_powers[16] = {
    0x3f800000, 0x3f7daac3, 0x3f7b95c2, 0x3f79c3d3, 0x3f7837f0, 0x3f76f532, 0x3f75fed7, 0x3f75583f,
    0x3f7504f3, 0x3f7508a4, 0x3f75672a, 0x3f76248c, 0x3f7744fd, 0x3f78ccdf, 0x3f7ac0c7, 0x3f7d257d,
};

BNK_INLINE __m512 logistic_vector(__m512 x, const int times_x) {
  // exp(-x) stays finite and a normal number. NaN passes: it is the second operand.
  const __m512 limit = _mm512_set1_ps(87.0f);
  const __m512 c = _mm512_max_ps(_mm512_set1_ps(-88.7f), _mm512_min_ps(limit, x));
  // -x = n log(2) / 16 + r; the sum leaves n in the low bits of t.
  const __m512 t = _mm512_fmadd_ps(c, _mm512_set1_ps(-23.083120654f), _mm512_set1_ps(12582912.0f));
  const __m512 n = _mm512_sub_ps(t, _mm512_set1_ps(12582912.0f));
  __m512 r = _mm512_fnmsub_ps(n, _mm512_set1_ps(0.693359375f / 16), c);
  r = _mm512_fmadd_ps(n, _mm512_set1_ps(2.12194440e-4f / 16), r);
  const __m512i bits = _mm512_castps_si512(t);
  const __m512i entry = _mm512_permutexvar_epi32(bits, _mm512_loadu_si512(logistic_powers));
  const __m512 power =
      _mm512_castsi512_ps(_mm512_add_epi32(entry, _mm512_slli_epi32(bits, 19)));
  __m512 p = _mm512_fmadd_ps(r, _mm512_set1_ps(1.0f / 6), _mm512_set1_ps(0.5f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  p = _mm512_fmadd_ps(p, _mm512_mul_ps(power, r), power);
  const __m512 d = _mm512_add_ps(p, _mm512_set1_ps(1.0f));
  return _mm512_div_ps(times_x ? x : _mm512_set1_ps(1.0f), d);
}

BNK_INLINE void logistic_body(size_t rows, size_t n, float *values, size_t stride,
                              const int times_x) {
  for (size_t i = 0; i < rows; i++) {
    float *at = values + i * stride;
    size_t j = 0;
    for (; j + 16 <= n; j += 16) {
      _mm512_storeu_ps(at + j, logistic_vector(_mm512_loadu_ps(at + j), times_x));
    }
    if (j == n) continue;
    const __mmask16 lanes = (__mmask16)((1u << (n - j)) - 1);
    const __m512 x = _mm512_maskz_loadu_ps(lanes, at + j);
    _mm512_mask_storeu_ps(at + j, lanes, logistic_vector(x, times_x));
  }
}

static void logistic_rows(size_t rows, size_t n, float *values, size_t stride, int times_x) {
  if (times_x) {
    logistic_body(rows, n, values, stride, 1);
  } else {
    logistic_body(rows, n, values, stride, 0);
  }
}
