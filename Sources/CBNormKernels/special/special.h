// Special functions in double precision, good to about 1e-13 unless the argument is extreme.
#ifndef BNK_SPECIAL_H
#define BNK_SPECIAL_H

double bnk_lgamma(double x);
double bnk_digamma(double x);
double bnk_erfinv(double x);
double bnk_ndtri(double p);

double bnk_bessel_i0(double x);
double bnk_bessel_i0e(double x);
double bnk_bessel_i1(double x);
double bnk_bessel_i1e(double x);
double bnk_bessel_j0(double x);
double bnk_bessel_j1(double x);
double bnk_bessel_k0(double x);
double bnk_bessel_k0e(double x);
double bnk_bessel_k1(double x);
double bnk_bessel_k1e(double x);
double bnk_bessel_y0(double x);
double bnk_bessel_y1(double x);

double bnk_dawsn(double x);
/// The exponential integral Ei of a positive argument.
double bnk_expint(double x);
double bnk_fresnel_sin(double x);
double bnk_fresnel_cos(double x);
double bnk_spence(double x);

/// The regularised incomplete gamma functions, their derivative by `a`, and the derivative of a
/// Gamma(a) sample `x` by `a`.
double bnk_igamma(double a, double x);
double bnk_igammac(double a, double x);
double bnk_igamma_grad_a(double a, double x);
double bnk_random_gamma_grad(double a, double x);

/// The Hurwitz zeta function and the derivatives of digamma.
double bnk_zeta(double x, double q);
double bnk_polygamma(double n, double x);

/// The regularised incomplete beta function.
double bnk_betainc(double a, double b, double x);

#endif
