// A template (see tier.h): elementary functions in double precision, without branches and good to
// about 1e-15; float functions that are rarely hot go through them. Arguments are converted
// floats: never denormal, and results outside the range of float need no care.

BNK_INLINE double exp_f64(double x) {
  double c = x > 700.0 ? 700.0 : x;
  c = c < -700.0 ? -700.0 : c;
  const double t = FMAD(c, 1.4426950408889634, 0x1.8p52);
  const double n = t - 0x1.8p52;
  double r = FMAD(n, -6.93147180369123816490e-01, c);
  r = FMAD(n, -1.90821492927058770002e-10, r);
  double p = 2.76139289042665842e-07;
  p = FMAD(p, r, 2.76252690955084237e-06);
  p = FMAD(p, r, 2.48015361738114672e-05);
  p = FMAD(p, r, 1.98412084555853066e-04);
  p = FMAD(p, r, 1.38888889059828567e-03);
  p = FMAD(p, r, 8.33333335386818135e-03);
  p = FMAD(p, r, 4.16666666666512669e-02);
  p = FMAD(p, r, 1.66666666666481222e-01);
  p = FMAD(p, r, 0.5);
  p = FMAD(p, r * r, r) + 1.0;
  // The low bits of t are n; moved to the exponent they are added to that of p.
  return f64_from_bits(f64_bits(p) + (f64_bits(t) << 52));
}

/// log of a positive, finite, normal number.
BNK_INLINE double log_f64(double x) {
  const uint64_t u = f64_bits(x) - 0x3fe6a09e00000000ull;
  const double k = (double)((int32_t)(u >> 32) >> 20);
  const double m = f64_from_bits((u & 0x000fffffffffffffull) + 0x3fe6a09e00000000ull);
  const double s = (m - 1.0) / (m + 1.0), z = s * s;
  double p = 1.66237435069839984e-01;
  p = FMAD(p, z, 1.81400662120670547e-01);
  p = FMAD(p, z, 2.22228652008726019e-01);
  p = FMAD(p, z, 2.85714241114673029e-01);
  p = FMAD(p, z, 4.00000000112911425e-01);
  p = FMAD(p, z, 6.66666666666620444e-01);
  p = FMAD(p * z, s, 2.0 * s);
  return FMAD(k, 0.69314718055994530942, p);
}

/// log(1 + x) of a finite x > -1 that is not denormal.
BNK_INLINE double log1p_f64(double x) {
  const double w = 1.0 + x;
  const double lost = x < 1.0 ? x - (w - 1.0) : 1.0 - (w - x);
  return log_f64(w) + lost / w;
}

BNK_INLINE double atan_f64(double x) {
  const double a = __builtin_fabs(x);
  const int far = a > 2.414213562373095, near = a < 0.41421356237309503;
  const double num = far ? -1.0 : (near ? a : a - 1.0);
  const double den = far ? a : (near ? 1.0 : a + 1.0);
  const double base = far ? 1.5707963267948966 : (near ? 0.0 : 0.78539816339744831);
  const double z = num / den, s = z * z;
  double p = -2.72246991642966021e-02;
  p = FMAD(p, s, 5.16830692436125311e-02);
  p = FMAD(p, s, -6.55076949617770382e-02);
  p = FMAD(p, s, 7.68102656085179331e-02);
  p = FMAD(p, s, -9.09025456322869185e-02);
  p = FMAD(p, s, 1.11110895933247689e-01);
  p = FMAD(p, s, -1.42857139292828367e-01);
  p = FMAD(p, s, 1.99999999977167747e-01);
  p = FMAD(p, s, -3.33333333333309167e-01);
  p = FMAD(p * s, z, z);
  return __builtin_copysign(base + p, x);
}

/// The remainder of x by pi/2, and the quadrant in the low bits of `quadrant`; |x| < 2^28.
BNK_INLINE double reduce_f64(double x, uint64_t *quadrant) {
  const double t = FMAD(x, 0.63661977236758134, 0x1.8p52);
  const double n = t - 0x1.8p52;
  *quadrant = f64_bits(t);
  const double r = FMAD(n, -1.57079625129699707031e+00, x);
  return FMAD(n, -7.54978995489188216e-08, r);
}

BNK_INLINE double sin_core_f64(double r) {
  const double s = r * r;
  double p = 1.0 / 6227020800.0;
  p = FMAD(p, s, -1.0 / 39916800.0);
  p = FMAD(p, s, 1.0 / 362880.0);
  p = FMAD(p, s, -1.0 / 5040.0);
  p = FMAD(p, s, 1.0 / 120.0);
  p = FMAD(p, s, -1.0 / 6.0);
  return __builtin_copysign(FMAD(p * s, r, r), r);
}

BNK_INLINE double cos_core_f64(double r) {
  const double s = r * r;
  double p = -1.0 / 87178291200.0;
  p = FMAD(p, s, 1.0 / 479001600.0);
  p = FMAD(p, s, -1.0 / 3628800.0);
  p = FMAD(p, s, 1.0 / 40320.0);
  p = FMAD(p, s, -1.0 / 720.0);
  p = FMAD(p, s, 1.0 / 24.0);
  p = FMAD(p, s, -0.5);
  return FMAD(p, s, 1.0);
}

BNK_INLINE double sinh_f64(double x) {
  const double a = __builtin_fabs(x), s = x * x;
  double p = 1.0 / 6227020800.0;
  p = FMAD(p, s, 1.0 / 39916800.0);
  p = FMAD(p, s, 1.0 / 362880.0);
  p = FMAD(p, s, 1.0 / 5040.0);
  p = FMAD(p, s, 1.0 / 120.0);
  p = FMAD(p, s, 1.0 / 6.0);
  p = FMAD(p * s, x, x);
  const double e = exp_f64(a > 200.0 ? 200.0 : a);
  const double large = __builtin_copysign(0.5 * (e - 1.0 / e), x);
  return a < 1.0 ? p : large;
}
