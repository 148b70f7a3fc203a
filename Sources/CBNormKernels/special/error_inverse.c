#include <math.h>

#include "special.h"

#define SQRT_2 1.41421356237309504880
#define TWO_OVER_SQRT_PI 1.12837916709551257390

/// The x with erfc(x) = q, for 0 < q <= 1: a rational start, then Halley's iteration.
static double erfc_inverse(double q) {
  const double t = sqrt(-2 * log(0.5 * q));
  const double start = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                               (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  double x = start / SQRT_2;
  for (int i = 0; i < 3; i++) {
    const double u = (erfc(x) - q) / (-TWO_OVER_SQRT_PI * exp(-x * x));
    x -= u / (1 + x * u);
  }
  return x;
}

double bnk_erfinv(double x) {
  const double a = fabs(x);
  if (!(a <= 1)) return NAN;
  if (a == 1) return copysign(INFINITY, x);
  if (a > 0.5) return copysign(erfc_inverse(1 - a), x);
  double y = x / TWO_OVER_SQRT_PI;
  y += y * y * y * (1.0 / 3);
  for (int i = 0; i < 3; i++) {
    const double u = (erf(y) - x) / (TWO_OVER_SQRT_PI * exp(-y * y));
    y -= u / (1 + y * u);
  }
  return y;
}

double bnk_ndtri(double p) {
  if (!(p >= 0 && p <= 1)) return NAN;
  if (p == 0) return -INFINITY;
  if (p == 1) return INFINITY;
  if (p < 0.5) return -SQRT_2 * erfc_inverse(2 * p);
  return SQRT_2 * erfc_inverse(2 * (1 - p));
}
