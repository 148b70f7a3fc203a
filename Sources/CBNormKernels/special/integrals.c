#include <math.h>

#include "special.h"

#define PI 3.14159265358979323846
#define EULER 0.57721566490153286061

double bnk_dawsn(double x) {
  const double a = fabs(x);
  if (x != x) return x;
  if (a > 15) {
    const double z = 0.5 / (x * x);
    double term = 1, sum = 1;
    for (int k = 1; k < 12; k++) {
      term *= (2 * k - 1) * z;
      sum += term;
    }
    return 0.5 / x * sum;
  }
  if (a < 0.3) {
    const double z = -2 * x * x;
    double term = x, sum = x;
    for (int k = 1; k < 20; k++) {
      term *= z / (2 * k + 1);
      sum += term;
    }
    return sum;
  }
  // Rybicki's sum over odd n of exp(-(x - n h)^2) / n.
  const double h = 0.25;
  const int center = 2 * (int)floor(0.5 * a / h) + 1;
  double sum = 0;
  for (int n = center - 26; n <= center + 26; n += 2) {
    const double d = a - n * h;
    sum += exp(-d * d) / n;
  }
  return copysign(sum / sqrt(PI), x);
}

double bnk_expint(double x) {
  if (!(x >= 0) || x == INFINITY) return NAN;
  if (x == 0) return -INFINITY;
  if (x > 45) {
    double term = 1, sum = 1;
    for (int k = 1; k < 60; k++) {
      if (k > x) break;
      term *= k / x;
      sum += term;
      if (term < 1e-18) break;
    }
    return exp(x) / x * sum;
  }
  double term = 1, sum = 0;
  for (int k = 1; k < 300; k++) {
    term *= x / k;
    sum += term / k;
    if (k > x && term < sum * 1e-18) break;
  }
  return EULER + log(x) + sum;
}

/// The auxiliary functions f and g of a >= 1.5: C = 1/2 + f sin(w) - g cos(w) and
/// S = 1/2 - f cos(w) - g sin(w), with w = pi a^2 / 2. Trapezoidal sums of analytic integrands.
static void fresnel_auxiliary(double a, double *f, double *g) {
  const double h = fmin(0.11, 0.4 / a), p = 0.5 * PI * a * a;
  double sum_f = 0.5, sum_g = 0;
  for (int i = 1; i < 200; i++) {
    const double u = i * h, s = u * u;
    const double e = exp(-p * s) / (1 + s * s);
    sum_f += e;
    sum_g += s * e;
    if (e < 1e-19) break;
  }
  const double scale = sqrt(2.0) / PI * h;
  *f = scale * sum_f;
  *g = scale * sum_g;
}

static void fresnel(double x, double *s, double *c) {
  const double a = fabs(x);
  if (a < 1.5) {
    const double w = 0.5 * PI * x * x;
    double term = x, sum_s = 0, sum_c = 0;
    for (int k = 0; k < 40; k += 2) {
      sum_c += term / (2 * k + 1);
      term *= w / (k + 1);
      sum_s += term / (2 * k + 3);
      term *= -w / (k + 2);
    }
    *s = sum_s;
    *c = sum_c;
    return;
  }
  double ps = 0.5, pc = 0.5;
  if (a < 1e15) {
    double f, g;
    fresnel_auxiliary(a, &f, &g);
    // The argument modulo its period of 4 in a^2.
    const double w = 0.5 * PI * fmod(a * a, 4);
    pc = 0.5 + f * sin(w) - g * cos(w);
    ps = 0.5 - f * cos(w) - g * sin(w);
  }
  *s = copysign(ps, x);
  *c = copysign(pc, x);
}

double bnk_fresnel_sin(double x) {
  if (x != x) return x;
  double s, c;
  fresnel(x, &s, &c);
  return s;
}

double bnk_fresnel_cos(double x) {
  if (x != x) return x;
  double s, c;
  fresnel(x, &s, &c);
  return c;
}

double bnk_spence(double x) {
  if (!(x >= 0)) return NAN;
  if (x == 0) return PI * PI / 6;
  if (x == INFINITY) return NAN;
  if (x > 2) {
    const double l = log(x);
    return -0.5 * l * l - bnk_spence(1 / x);
  }
  if (x < 0.5) return PI * PI / 6 - log(x) * log1p(-x) - bnk_spence(1 - x);
  // Bernoulli's series of the dilogarithm in u = -log(x).
  const double u = -(fabs(x - 1) < 0.5 ? log1p(x - 1) : log(x)), z = u * u;
  static const double c[] = {
      -1.9939295860721074e-14,
      8.921691020456452e-13,
      -4.0647616451442256e-11,
      1.8978869988971e-09,
      -9.185773074661964e-08,
      4.72411186696901e-06,
      -0.0002777777777777778,
      0.027777777777777776,
  };
  double series = 0;
  for (unsigned i = 0; i < sizeof c / sizeof c[0]; i++) series = series * z + c[i];
  return u * (1 - 0.25 * u + series * z);
}
