#include <math.h>

#include "special.h"

#define EPS 1.2e-16
#define STEPS 20000
#define TINY 1e-300

/// x^a e^-x / Gamma(a).
static double gamma_density(double a, double x) {
  if (a < 20) return exp(a * log(x) - x) / tgamma(a);
  // a log(x / a) + a - x with the cancellation near x = a taken out; then Stirling's series.
  const double mu = (x - a) / a;
  const double exponent = a * (fabs(mu) < 0.5 ? log1p(mu) - mu : log(x / a) - mu);
  const double z = 1 / (a * a);
  const double stirling = (1.0 / 12 - z * (1.0 / 360 - z * (1.0 / 1260 - z / 1680))) / a;
  return sqrt(a / 6.283185307179586477) * exp(exponent - stirling);
}

/// The lower function by its series.
static double lower_series(double a, double x) {
  double term = 1 / a, sum = term;
  for (int n = 1; n < STEPS; n++) {
    term *= x / (a + n);
    sum += term;
    if (term < sum * EPS) break;
  }
  return sum * gamma_density(a, x);
}

/// The upper function by its continued fraction (Lentz).
static double upper_fraction(double a, double x) {
  double b = x + 1 - a, c = 1 / TINY, d = 1 / b, h = d;
  for (int n = 1; n < STEPS; n++) {
    const double an = -n * (n - a);
    b += 2;
    d = an * d + b;
    if (fabs(d) < TINY) d = TINY;
    c = b + an / c;
    if (fabs(c) < TINY) c = TINY;
    d = 1 / d;
    const double delta = d * c;
    h *= delta;
    if (fabs(delta - 1) < EPS) break;
  }
  return h * gamma_density(a, x);
}

double bnk_igamma(double a, double x) {
  if (x == 0) return 0;
  if (!(x > 0) || !(a > 0)) return NAN;
  if (a == INFINITY) return x == INFINITY ? NAN : 0;
  if (x == INFINITY) return 1;
  return x > 1 && x > a ? 1 - upper_fraction(a, x) : lower_series(a, x);
}

double bnk_igammac(double a, double x) {
  if (!(x >= 0) || !(a > 0)) return NAN;
  if (a == INFINITY) return x == INFINITY ? NAN : 1;
  if (x == INFINITY) return 0;
  if (x == 0) return 1;
  return x < 1 || x < a ? 1 - lower_series(a, x) : upper_fraction(a, x);
}

/// d/da of the lower function by its series: every term is weighted by log x - digamma.
static double lower_grad(double a, double x) {
  const double lx = log(x);
  double term = 1 / a, psi = bnk_digamma(a + 1), sum = term * (lx - psi), size = term;
  for (int n = 1; n < STEPS; n++) {
    psi += 1 / (a + n);
    term *= x / (a + n);
    const double step = term * (lx - psi);
    sum += step;
    size += term;
    if (term * (fabs(lx - psi) + 1) < size * EPS * 0.1) break;
  }
  return sum * gamma_density(a, x);
}

/// d/da of the upper function: Lentz's method carried out on values with derivatives.
static double upper_grad(double a, double x) {
  double b = x + 1 - a, db = -1;
  double c = 1 / TINY, dc = 0, d = 1 / b, dd = -db / (b * b), h = d, dh = dd;
  for (int n = 1; n < STEPS; n++) {
    const double an = -n * (n - a), dan = n;
    b += 2;
    double v = an * d + b, dv = dan * d + an * dd + db;
    if (fabs(v) < TINY) v = TINY;
    const double w = b + an / c, dw = db + dan / c - an * dc / (c * c);
    c = fabs(w) < TINY ? TINY : w;
    dc = dw;
    d = 1 / v;
    dd = -dv / (v * v);
    const double delta = d * c, ddelta = dd * c + d * dc;
    dh = dh * delta + h * ddelta;
    h *= delta;
    if (fabs(delta - 1) < EPS && fabs(ddelta) < 1e-16) break;
  }
  return gamma_density(a, x) * (h * (log(x) - bnk_digamma(a)) + dh);
}

double bnk_igamma_grad_a(double a, double x) {
  if (x == 0) return 0;
  if (!(x > 0) || !(a > 0)) return NAN;
  if (x == INFINITY || a == INFINITY) return 0;
  return x > 1 && x > a + 3 * sqrt(a) ? -upper_grad(a, x) : lower_grad(a, x);
}

double bnk_random_gamma_grad(double a, double x) {
  if (x == 0) return 0;
  if (!(x > 0) || !(a > 0)) return NAN;
  return -bnk_igamma_grad_a(a, x) * x / gamma_density(a, x);
}

/// The continued fraction of the incomplete beta function (Lentz).
static double beta_fraction(double a, double b, double x) {
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  if (fabs(d) < TINY) d = TINY;
  d = 1 / d;
  double h = d;
  for (int m = 1; m < STEPS; m++) {
    double coefficient = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 + coefficient * d;
    c = 1 + coefficient / c;
    if (fabs(d) < TINY) d = TINY;
    if (fabs(c) < TINY) c = TINY;
    d = 1 / d;
    h *= d * c;
    coefficient = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + coefficient * d;
    c = 1 + coefficient / c;
    if (fabs(d) < TINY) d = TINY;
    if (fabs(c) < TINY) c = TINY;
    d = 1 / d;
    const double delta = d * c;
    h *= delta;
    if (fabs(delta - 1) < EPS) break;
  }
  return h;
}

double bnk_betainc(double a, double b, double x) {
  if (!(a > 0) || !(b > 0) || !(x >= 0) || !(x <= 1)) return NAN;
  if (x == 0) return 0;
  if (x == 1) return 1;
  const double front = exp(bnk_lgamma(a + b) - bnk_lgamma(a) - bnk_lgamma(b) + a * log(x) +
                           b * log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}
