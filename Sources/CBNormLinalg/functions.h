// A template: functions of matrices.

STATIC R NAME(norm1)(int n, const T *a) {
  R largest = 0;
  for (int c = 0; c < n; c++) {
    R sum = 0;
    for (int r = 0; r < n; r++) sum += ABS(a[(size_t)r * n + c]);
    if (sum > largest || sum != sum) largest = sum;
  }
  return largest;
}

/// c = a b.
STATIC void NAME(multiply)(int n, const T *a, const T *b, T *c) {
  NAME(gemm)(CblasNoTrans, CblasNoTrans, n, n, n, 1, a, n, b, n, 0, c, n);
}

/// The numerator's coefficients of the diagonal Padé approximant of exp, for powers 0 to degree.
STATIC void NAME(exp_coefficients)(int degree, R *b) {
  double c = 1;
  for (int j = 0; j <= degree; j++) {
    b[j] = (R)c;
    c *= (double)(degree - j) / ((double)(2 * degree - j) * (j + 1));
  }
}

/// x = exp(a) by scaling, a Padé approximant and squaring. `a` is scaled in place.
STATIC int NAME(exp_matrix)(int n, T *a, T *x) {
  const size_t count = (size_t)n * n;
  T *work = bla_memory(6 * count, sizeof(T));
  int32_t *perm = bla_memory((size_t)n, sizeof(int32_t));
  if (!work || !perm) {
    free(work);
    free(perm);
    return BLA_NO_MEMORY;
  }
  const R norm = NAME(norm1)(n, a);
#if IS_DOUBLE
  static const struct { int degree; R norm; } steps[] = {
      {3, 1.495585217958292e-2}, {5, 2.539398330063230e-1}, {7, 9.504178996162932e-1},
      {9, 2.097847961257068}, {13, 5.371920351148152}};
#else
  static const struct { int degree; R norm; } steps[] = {
      {3, 4.258730016922831e-1f}, {5, 1.880152677804762f}, {7, 3.925724783138660f}};
#endif
  const int last = (int)(sizeof steps / sizeof *steps) - 1;
  int step = 0, squarings = 0;
  while (step < last && !(norm < steps[step].norm)) step++;
  if (step == last && isfinite(norm)) {
    FN(frexp)(norm / steps[last].norm, &squarings);
    if (squarings < 0) squarings = 0;
    for (size_t i = 0; i < count; i++) a[i] *= FN(ldexp)((R)1, -squarings);
  }
  const int degree = steps[step].degree;
  R b[14];
  NAME(exp_coefficients)(degree, b);
  // Odd powers sum up in u (before the last factor a), even ones in v.
  T *square = work, *power = work + count, *next = work + 2 * count, *odd = work + 3 * count;
  T *u = work + 4 * count, *v = work + 5 * count;
  NAME(multiply)(n, a, a, square);
  NAME(identity)(n, power);
  memset(odd, 0, 2 * count * sizeof(T));
  memset(v, 0, count * sizeof(T));
  for (int j = 0; j <= degree; j += 2) {
    for (size_t i = 0; i < count; i++) {
      v[i] += b[j] * power[i];
      odd[i] += b[j + 1] * power[i];
    }
    if (j + 2 > degree) break;
    NAME(multiply)(n, power, square, next);
    T *t = power;
    power = next;
    next = t;
  }
  NAME(multiply)(n, a, odd, u);
  for (size_t i = 0; i < count; i++) {
    odd[i] = v[i] - u[i];
    square[i] = v[i] + u[i];
  }
  NAME(lu_factor)(n, odd, perm);
  for (int r = 0; r < n; r++) {
    memcpy(x + (size_t)r * n, square + (size_t)perm[r] * n, (size_t)n * sizeof(T));
  }
  NAME(trsm)(CblasLower, CblasNoTrans, CblasUnit, n, n, odd, n, x, n);
  NAME(trsm)(CblasUpper, CblasNoTrans, CblasNonUnit, n, n, odd, n, x, n);
  for (int s = 0; s < squarings; s++) {
    memcpy(u, x, count * sizeof(T));
    NAME(multiply)(n, u, u, x);
  }
  free(perm);
  free(work);
  return BLA_OK;
}

STATIC int NAME(exponential)(const struct bla_call *call, size_t i) {
  const int n = call->n;
  const size_t count = (size_t)n * n;
  if (n == 0) return BLA_OK;
  T *copy = bla_memory(count, sizeof(T));
  if (!copy) return BLA_NO_MEMORY;
  memcpy(copy, NAME(a_of)(call, i, count), count * sizeof(T));
  const int status = NAME(exp_matrix)(n, copy, (T *)call->x + i * count);
  free(copy);
  return status;
}

#if IS_COMPLEX
/// a = q t q^H with a triangular t (in place of a), both row-major.
STATIC int NAME(schur)(int n, T *a, T *q) {
  const size_t count = (size_t)n * n;
  T *columns = bla_memory(2 * count + (size_t)n, sizeof(T));
  R *rwork = bla_memory((size_t)n, sizeof(R));
  int info = 0, query = -1, sorted, status = BLA_NO_MEMORY;
  if (columns && rwork) {
    T *vectors = columns + count, *values = columns + 2 * count, best;
    const char job = 'V', none = 'N';
    NAME(transpose)(n, n, a, n, columns, n);
    LAPACK(gees)(&job, &none, NULL, &n, columns, &n, &sorted, values, vectors, &n, &best, &query,
                 rwork, NULL, &info, 1, 1);
    int size = (int)REAL(best) + 1;
    T *work = bla_memory((size_t)size, sizeof(T));
    if (work) {
      LAPACK(gees)(&job, &none, NULL, &n, columns, &n, &sorted, values, vectors, &n, work, &size,
                   rwork, NULL, &info, 1, 1);
      status = info == 0 ? BLA_OK : BLA_NOT_CONVERGED;
      for (int r = 0; r < n; r++) {
        for (int c = 0; c < n; c++) {
          a[(size_t)r * n + c] = r <= c ? columns[(size_t)c * n + r] : 0;
          q[(size_t)r * n + c] = vectors[(size_t)c * n + r];
        }
      }
    }
    free(work);
  }
  free(rwork);
  free(columns);
  return status;
}

/// x = square root of an upper triangular t.
STATIC void NAME(sqrt_triangular)(int n, const T *t, T *x) {
  memset(x, 0, (size_t)n * n * sizeof(T));
  for (int c = 0; c < n; c++) {
    x[(size_t)c * n + c] = FN(csqrt)(t[(size_t)c * n + c]);
    for (int r = c - 1; r >= 0; r--) {
      T sum = t[(size_t)r * n + c];
      for (int k = r + 1; k < c; k++) sum -= x[(size_t)r * n + k] * x[(size_t)k * n + c];
      x[(size_t)r * n + c] = sum / (x[(size_t)r * n + r] + x[(size_t)c * n + c]);
    }
  }
}

/// x = q t q^H.
STATIC int NAME(from_schur)(int n, const T *q, const T *t, T *x) {
  T *product = bla_memory((size_t)n * n, sizeof(T));
  if (!product) return BLA_NO_MEMORY;
  NAME(multiply)(n, q, t, product);
  NAME(gemm)(CblasNoTrans, CblasConjTrans, n, n, n, 1, product, n, q, n, 0, x, n);
  free(product);
  return BLA_OK;
}

/// x = square root of a, which is lost.
STATIC int NAME(sqrt_matrix)(int n, T *a, T *x) {
  T *work = bla_memory(2 * (size_t)n * n, sizeof(T));
  if (!work) return BLA_NO_MEMORY;
  T *q = work, *root = work + (size_t)n * n;
  int status = NAME(schur)(n, a, q);
  if (status == BLA_OK) {
    NAME(sqrt_triangular)(n, a, root);
    status = NAME(from_schur)(n, q, root, x);
  }
  free(work);
  return status;
}

/// Nodes and weights of Gauss-Legendre integration over [0, 1].
STATIC void NAME(gauss_legendre)(int degree, double *nodes, double *weights) {
  for (int i = 0; i < degree; i++) {
    double x = cos(3.14159265358979323846 * (i + 0.75) / (degree + 0.5)), slope = 1;
    for (int step = 0; step < 100; step++) {
      double p = 1, before = 0;
      for (int k = 0; k < degree; k++) {
        const double next = ((2 * k + 1) * x * p - k * before) / (k + 1);
        before = p;
        p = next;
      }
      slope = degree * (x * p - before) / (x * x - 1);
      const double change = p / slope;
      x -= change;
      if (fabs(change) < 1e-16) break;
    }
    nodes[i] = (1 + x) / 2;
    weights[i] = 1 / ((1 - x * x) * slope * slope);
  }
}

STATIC int NAME(log_degree)(R norm) {
#if IS_DOUBLE
  static const R limits[] = {1.6206284795015624e-2, 5.3873532631381171e-2, 1.1352802267628681e-1,
                             1.8662860613541288e-1, 2.642960831111435e-1};
#else
  static const R limits[] = {2.5111573934555054e-1f, 4.0535837411880493e-1f, 5.3149729967117310e-1f};
#endif
  const int count = (int)(sizeof limits / sizeof *limits);
  int i = 0;
  while (i < count && norm > limits[i]) i++;
  return i < count ? i + 3 : 0;
}

/// x = logarithm of a triangular t (lost) by square roots until it is near the identity.
STATIC int NAME(log_triangular)(int n, T *t, T *x) {
  const size_t count = (size_t)n * n;
  enum { MOST = 128 };
  if (n == 1) {
    x[0] = FN(clog)(t[0]);
    return BLA_OK;
  }
  T *work = bla_memory(2 * count, sizeof(T));
  if (!work) return BLA_NO_MEMORY;
  T *near = work, *system = work + count;
  int roots = 0, extra = 0, degree = 0;
  for (;; roots++) {
    memcpy(near, t, count * sizeof(T));
    for (int i = 0; i < n; i++) near[(size_t)i * n + i] -= 1;
    const R norm = NAME(norm1)(n, near);
    degree = NAME(log_degree)(norm);
    if (degree > 0) {
      if (degree - NAME(log_degree)(norm / 2) <= 1 || extra) break;
      extra = 1;
    }
    if (roots == MOST || !(norm == norm)) break;
    NAME(sqrt_triangular)(n, t, system);
    memcpy(t, system, count * sizeof(T));
  }
  if (degree == 0) {
    NAME(fill_nan)(count, x);
    free(work);
    return BLA_OK;
  }
  double nodes[8], weights[8];
  NAME(gauss_legendre)(degree, nodes, weights);
  memset(x, 0, count * sizeof(T));
  for (int k = 0; k < degree; k++) {
    for (size_t i = 0; i < count; i++) system[i] = (R)nodes[k] * near[i];
    for (int i = 0; i < n; i++) system[(size_t)i * n + i] += 1;
    memcpy(t, near, count * sizeof(T));
    NAME(trsm)(CblasUpper, CblasNoTrans, CblasNonUnit, n, n, system, n, t, n);
    for (size_t i = 0; i < count; i++) x[i] += (R)weights[k] * t[i];
  }
  for (size_t i = 0; i < count; i++) x[i] *= FN(ldexp)((R)1, roots);
  free(work);
  return BLA_OK;
}

STATIC int NAME(logarithm)(const struct bla_call *call, size_t i) {
  const int n = call->n;
  const size_t count = (size_t)n * n;
  if (n == 0) return BLA_OK;
  T *work = bla_memory(3 * count, sizeof(T));
  if (!work) return BLA_NO_MEMORY;
  T *t = work, *q = work + count, *log = work + 2 * count;
  memcpy(t, NAME(a_of)(call, i, count), count * sizeof(T));
  int status = NAME(schur)(n, t, q);
  if (status == BLA_OK) status = NAME(log_triangular)(n, t, log);
  if (status == BLA_OK) status = NAME(from_schur)(n, q, log, (T *)call->x + i * count);
  free(work);
  return status;
}
#endif
