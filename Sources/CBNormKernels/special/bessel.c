#include <math.h>

#include "special.h"

#define TWO_PI 6.283185307179586477
#define EULER 0.57721566490153286061

// From here on the asymptotic series reach full precision.
#define FAR 18.0

/// Sum of (x^2/4)^k / (k! (k + order)!).
static double power_series(double x, int order) {
  const double z = 0.25 * x * x;
  double term = 1, sum = 1;
  for (int k = 1; k < 200; k++) {
    term *= z / ((double)k * (k + order));
    sum += term;
    if (term < sum * 1e-17) break;
  }
  return sum;
}

/// e^-x I(x) sqrt(2 pi x) for x >= FAR; `mu` is 4 order^2.
static double asymptotic(double x, double mu) {
  double term = 1, sum = 1;
  for (int k = 1; k < 60; k++) {
    const double odd = 2 * k - 1;
    const double next = term * -(mu - odd * odd) / (8 * x * k);
    if (fabs(next) > fabs(term)) break;
    term = next;
    sum += term;
    if (fabs(term) < fabs(sum) * 1e-17) break;
  }
  return sum;
}

double bnk_bessel_i0e(double x) {
  const double a = fabs(x);
  if (a == INFINITY) return 0;
  return a < FAR ? exp(-a) * power_series(a, 0) : asymptotic(a, 0) / sqrt(TWO_PI * a);
}

double bnk_bessel_i0(double x) {
  const double a = fabs(x);
  if (a == INFINITY) return NAN;
  // e^x in two factors, as it overflows before the result does.
  return a < FAR ? power_series(a, 0) : exp(0.5 * a) * (exp(0.5 * a) * bnk_bessel_i0e(a));
}

double bnk_bessel_i1e(double x) {
  const double a = fabs(x);
  if (a == INFINITY) return x > 0 ? 0.0 : -0.0;
  const double r = a < FAR ? exp(-a) * (0.5 * a) * power_series(a, 1)
                           : asymptotic(a, 4) / sqrt(TWO_PI * a);
  return x < 0 ? -r : r;
}

double bnk_bessel_i1(double x) {
  const double a = fabs(x);
  if (a == INFINITY) return NAN;
  const double r = a < FAR ? 0.5 * a * power_series(a, 1)
                           : exp(0.5 * a) * (exp(0.5 * a) * bnk_bessel_i1e(a));
  return x < 0 ? -r : r;
}

/// e^x K(x) for x > 2 as the integral of exp(-x (cosh t - 1)) cosh(order t). The trapezoidal rule
/// converges exponentially on it.
static double k_integral(double x, int order) {
  const double h = fmin(0.25, 0.7 / sqrt(x));
  double sum = 0.5;
  for (int i = 1; i < 200; i++) {
    const double t = i * h, s = sinh(0.5 * t);
    const double lift = 2 * s * s;
    const double term = exp(-x * lift) * (order ? 1 + lift : 1);
    sum += term;
    if (term < sum * 1e-18) break;
  }
  return sum * h;
}

static double k0_small(double x) {
  const double z = 0.25 * x * x;
  double term = 1, harmonic = 0, sum = 0;
  for (int k = 1; k < 40; k++) {
    term *= z / ((double)k * k);
    harmonic += 1.0 / k;
    sum += term * harmonic;
    if (term < 1e-19) break;
  }
  return sum - (log(0.5 * x) + EULER) * power_series(x, 0);
}

static double k1_small(double x) {
  const double z = 0.25 * x * x;
  double term = 1, harmonic = 0, sum = 0.5;
  for (int k = 1; k < 40; k++) {
    term *= z / ((double)k * (k + 1));
    harmonic += 1.0 / k;
    sum += term * (harmonic + 0.5 / (k + 1));
    if (term < 1e-19) break;
  }
  const double logarithm = (log(0.5 * x) + EULER) * power_series(x, 1);
  return 1 / x + 0.5 * x * (logarithm - sum);
}

double bnk_bessel_k0e(double x) {
  if (x != x) return x;
  if (x <= 0) return INFINITY;
  if (x == INFINITY) return 0;
  return x <= 2 ? exp(x) * k0_small(x) : k_integral(x, 0);
}

double bnk_bessel_k0(double x) {
  if (x != x) return x;
  if (x <= 0) return INFINITY;
  return x <= 2 ? k0_small(x) : x > 800 ? 0 : exp(-x) * k_integral(x, 0);
}

double bnk_bessel_k1e(double x) {
  if (x != x) return x;
  if (x <= 0) return INFINITY;
  if (x == INFINITY) return 0;
  return x <= 2 ? exp(x) * k1_small(x) : k_integral(x, 1);
}

double bnk_bessel_k1(double x) {
  if (x != x) return x;
  if (x <= 0) return INFINITY;
  return x <= 2 ? k1_small(x) : x > 800 ? 0 : exp(-x) * k_integral(x, 1);
}

double bnk_bessel_j0(double x) { return fabs(x) == INFINITY ? NAN : j0(x); }
double bnk_bessel_j1(double x) { return fabs(x) == INFINITY ? NAN : j1(x); }

double bnk_bessel_y0(double x) {
  if (x <= 0) return -INFINITY;
  return x == INFINITY ? NAN : y0(x);
}

double bnk_bessel_y1(double x) {
  if (x <= 0) return -INFINITY;
  return x == INFINITY ? NAN : y1(x);
}
