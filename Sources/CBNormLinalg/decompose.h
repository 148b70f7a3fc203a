// A template: decompositions through LAPACK, which reads matrices by columns.

/// Memory for a workspace whose size LAPACK answered in `answer`.
#define WORKSPACE(answer) bla_memory((size_t)REAL(answer) + 1, sizeof(T))

STATIC int NAME(is_finite)(size_t count, const T *a) {
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(REAL(a[i])) || !isfinite(IMAG(a[i]))) return 0;
  }
  return 1;
}
STATIC void NAME(fill_nan)(size_t count, T *a) {
  for (size_t i = 0; i < count; i++) a[i] = (R)NAN;
}
STATIC void NAME(identity)(int n, T *a) {
  memset(a, 0, (size_t)n * n * sizeof(T));
  for (int i = 0; i < n; i++) a[(size_t)i * n + i] = 1;
}

STATIC int NAME(qr)(const struct bla_call *call, size_t i) {
  const int m = call->m, n = call->n, small = m < n ? m : n, p = call->full ? m : small;
  T *q = (T *)call->x + i * (size_t)m * p, *r = (T *)call->y + i * (size_t)p * n;
  const T *a = NAME(a_of)(call, i, (size_t)m * n);
  if (m == 0 || n == 0) {
    if (p > 0) NAME(identity)(p, q);
    return BLA_OK;
  }
  const int wide = p > n ? p : n;
  T *columns = bla_memory((size_t)m * wide + (size_t)small, sizeof(T));
  if (!columns) return BLA_NO_MEMORY;
  T *tau = columns + (size_t)m * wide, best[2];
  int info = 0, query = -1, size;
  NAME(transpose)(m, n, a, n, columns, m);
  LAPACK(geqrf)(&m, &n, columns, &m, tau, &best[0], &query, &info);
  ORGQR(&m, &p, &small, columns, &m, tau, &best[1], &query, &info);
  size = (int)FN(fmax)(REAL(best[0]), REAL(best[1])) + 1;
  T *work = bla_memory((size_t)size, sizeof(T));
  if (!work) {
    free(columns);
    return BLA_NO_MEMORY;
  }
  LAPACK(geqrf)(&m, &n, columns, &m, tau, work, &size, &info);
  for (int row = 0; row < p; row++) {
    for (int c = 0; c < n; c++) {
      r[(size_t)row * n + c] = row <= c ? columns[(size_t)c * m + row] : 0;
    }
  }
  ORGQR(&m, &p, &small, columns, &m, tau, work, &size, &info);
  NAME(transpose)(p, m, columns, m, q, p);
  free(work);
  free(columns);
  return info == 0 ? BLA_OK : BLA_NOT_CONVERGED;
}

STATIC int NAME(svd)(const struct bla_call *call, size_t i) {
  const int m = call->m, n = call->n, small = m < n ? m : n;
  const int pu = call->full ? m : small, pv = call->full ? n : small;
  const size_t count = (size_t)m * n;
  // The singular values have the element type.
  T *s = (T *)call->x + i * (size_t)small;
  T *u = call->vectors ? (T *)call->y + i * (size_t)m * pu : NULL;
  T *v = call->vectors ? (T *)call->z + i * (size_t)n * pv : NULL;
  const T *a = NAME(a_of)(call, i, count);
  if (small == 0) {
    if (u && pu > 0) NAME(identity)(pu, u);
    if (v && pv > 0) NAME(identity)(pv, v);
    return BLA_OK;
  }
  if (!NAME(is_finite)(count, a)) {
    NAME(fill_nan)((size_t)small, s);
    if (u) NAME(fill_nan)((size_t)m * pu, u);
    if (v) NAME(fill_nan)((size_t)n * pv, v);
    return BLA_OK;
  }
  // The row-major matrix read by columns is its transpose u' s v': v' becomes u, u' becomes v.
  const char job = !call->vectors ? 'N' : call->full ? 'A' : 'S';
  const int large = m > n ? m : n, one = 1;
  T *copy = bla_memory(count + (u ? (size_t)n * pv : 0), sizeof(T));
  R *values = bla_memory((size_t)small, sizeof(R));
  int *iwork = bla_memory(8 * (size_t)small, sizeof(int));
  const size_t s2 = (size_t)small;
  const size_t reals = 5 * s2 * s2 + 7 * s2 + 2 * s2 * (size_t)large + 2 * s2 * s2 + s2;
  R *rwork = IS_COMPLEX ? bla_memory(reals, sizeof(R)) : NULL;
  int info = 0, query = -1, status = BLA_NO_MEMORY;
  if (copy && values && iwork && (rwork || !IS_COMPLEX)) {
    T *left = copy + count, best;
    memcpy(copy, a, count * sizeof(T));
    const int ldu = u ? n : one, ldvt = u ? pu : one;
#if IS_COMPLEX
#define GESDD(work, size)                                                                    \
  LAPACK(gesdd)(&job, &n, &m, copy, &n, values, left, &ldu, u, &ldvt, work, size, rwork,     \
                iwork, &info, 1)
#else
#define GESDD(work, size)                                                                    \
  LAPACK(gesdd)(&job, &n, &m, copy, &n, values, left, &ldu, u, &ldvt, work, size, iwork,     \
                &info, 1)
#endif
    GESDD(&best, &query);
    int size = (int)REAL(best) + 1;
    T *work = bla_memory((size_t)size, sizeof(T));
    if (work) {
      GESDD(work, &size);
      status = BLA_OK;
      if (info != 0) {
        for (int c = 0; c < small; c++) values[c] = (R)NAN;
      }
      for (int c = 0; c < small; c++) s[c] = values[c];
      if (u) {
        // left holds columns of v; u holds rows of u' = transpose of the conjugate of its inverse.
        for (int r = 0; r < n; r++) {
          for (int c = 0; c < pv; c++) v[(size_t)r * pv + c] = CONJ(left[(size_t)c * n + r]);
        }
      }
    }
    free(work);
  }
  free(rwork);
  free(iwork);
  free(values);
  free(copy);
  return status;
}

STATIC int NAME(eigen_self_adjoint)(const struct bla_call *call, size_t i) {
  const int n = call->n;
  const size_t count = (size_t)n * n;
  T *e = (T *)call->x + i * (size_t)n;
  T *v = call->vectors ? (T *)call->y + i * count : NULL;
  const T *a = NAME(a_of)(call, i, count);
  if (n == 0) return BLA_OK;
  T *copy = bla_memory(count, sizeof(T));
  R *values = bla_memory((size_t)n, sizeof(R));
  int info = 0, query = -1, status = BLA_NO_MEMORY;
  if (copy && values) {
    // The lower triangle by rows is the upper one by columns, of the conjugate.
    memcpy(copy, a, count * sizeof(T));
    const char job = v ? 'V' : 'N', uplo = 'U';
    T best;
    int iwork_size;
    R rwork_size = 0;
#if IS_COMPLEX
    SYEVD(&job, &uplo, &n, copy, &n, values, &best, &query, &rwork_size, &query, &iwork_size,
          &query, &info, 1, 1);
#else
    SYEVD(&job, &uplo, &n, copy, &n, values, &best, &query, &iwork_size, &query, &info, 1, 1);
#endif
    int size = (int)REAL(best) + 1, real_size = (int)rwork_size + 1;
    T *work = bla_memory((size_t)size, sizeof(T));
    R *rwork = bla_memory((size_t)real_size, sizeof(R));
    int *iwork = bla_memory((size_t)iwork_size, sizeof(int));
    if (work && rwork && iwork) {
#if IS_COMPLEX
      SYEVD(&job, &uplo, &n, copy, &n, values, work, &size, rwork, &real_size, iwork,
            &iwork_size, &info, 1, 1);
#else
      SYEVD(&job, &uplo, &n, copy, &n, values, work, &size, iwork, &iwork_size, &info, 1, 1);
#endif
      status = info == 0 ? BLA_OK : BLA_NOT_CONVERGED;
      for (int c = 0; c < n; c++) e[c] = values[c];
      for (int r = 0; r < n && v; r++) {
        for (int c = 0; c < n; c++) v[(size_t)r * n + c] = CONJ(copy[(size_t)c * n + r]);
      }
    }
    free(iwork);
    free(rwork);
    free(work);
  }
  free(values);
  free(copy);
  return status;
}

#if IS_COMPLEX
typedef T NAME(complex);
#else
typedef R _Complex NAME(complex);
#endif

STATIC int NAME(eigen)(const struct bla_call *call, size_t i) {
  typedef NAME(complex) C;
  const int n = call->n;
  const size_t count = (size_t)n * n;
  C *e = (C *)call->x + i * (size_t)n;
  C *v = call->vectors ? (C *)call->y + i * count : NULL;
  if (n == 0) return BLA_OK;
  const T *a = NAME(a_of)(call, i, count);
  if (!NAME(is_finite)(count, a)) return BLA_NOT_CONVERGED;
  T *columns = bla_memory(2 * count, sizeof(T));
  R *reals = bla_memory(2 * (size_t)n, sizeof(R));
  int info = 0, query = -1, status = BLA_NO_MEMORY;
  const int one = 1;
  if (columns && reals) {
    T *right = columns + count, best;
    const char none = 'N', job = v ? 'V' : 'N';
    NAME(transpose)(n, n, a, n, columns, n);
#if IS_COMPLEX
#define GEEV(work, size)                                                                      \
  LAPACK(geev)(&none, &job, &n, columns, &n, e, NULL, &one, right, &n, work, size, reals,     \
               &info, 1, 1)
#else
#define GEEV(work, size)                                                                      \
  LAPACK(geev)(&none, &job, &n, columns, &n, reals, reals + n, NULL, &one, right, &n, work,   \
               size, &info, 1, 1)
#endif
    GEEV(&best, &query);
    int size = (int)REAL(best) + 1;
    T *work = bla_memory((size_t)size, sizeof(T));
    if (work) {
      GEEV(work, &size);
      status = info == 0 ? BLA_OK : BLA_NOT_CONVERGED;
#if IS_COMPLEX
      for (int r = 0; r < n && v; r++) {
        for (int c = 0; c < n; c++) v[(size_t)r * n + c] = right[(size_t)c * n + r];
      }
#else
      for (int c = 0; c < n; c++) e[c] = reals[c] + reals[n + c] * (C)I;
      for (int c = 0; c < n && v; c++) {
        // A pair of conjugate values has its real and imaginary parts in two columns.
        const int pair = reals[n + c] != 0 && c + 1 < n;
        for (int r = 0; r < n; r++) {
          const R x = right[(size_t)c * n + r], y = pair ? right[(size_t)(c + 1) * n + r] : 0;
          v[(size_t)r * n + c] = x + y * (C)I;
          if (pair) v[(size_t)r * n + c + 1] = x - y * (C)I;
        }
        c += pair;
      }
#endif
    }
    free(work);
  }
  free(reals);
  free(columns);
  return status;
}

/// The normal equations, by Cholesky.
STATIC int NAME(least_squares_fast)(const struct bla_call *call, const T *a, const T *b, T *x) {
  const int m = call->m, n = call->n, k = call->k, small = m < n ? m : n;
  T *gram = bla_memory((size_t)small * small + (size_t)small * k, sizeof(T));
  if (!gram) return BLA_NO_MEMORY;
  T *z = gram + (size_t)small * small;
  if (m >= n) {
    NAME(gemm)(CblasConjTrans, CblasNoTrans, n, n, m, 1, a, n, a, n, 0, gram, n);
    NAME(gemm)(CblasConjTrans, CblasNoTrans, n, k, m, 1, a, n, b, k, 0, z, k);
  } else {
    NAME(gemm)(CblasNoTrans, CblasConjTrans, m, m, n, 1, a, n, a, n, 0, gram, m);
    memcpy(z, b, (size_t)m * k * sizeof(T));
  }
  for (int i = 0; i < small; i++) gram[(size_t)i * small + i] += (R)call->regularizer;
  const int ok = NAME(cholesky_factor)(small, gram, small);
  if (ok) {
    NAME(trsm)(CblasLower, CblasNoTrans, CblasNonUnit, small, k, gram, small, z, k);
    NAME(trsm)(CblasLower, CblasConjTrans, CblasNonUnit, small, k, gram, small, z, k);
    if (m >= n) {
      memcpy(x, z, (size_t)n * k * sizeof(T));
    } else {
      NAME(gemm)(CblasConjTrans, CblasNoTrans, n, k, m, 1, a, n, z, k, 0, x, k);
    }
  }
  free(gram);
  return ok ? BLA_OK : BLA_RANK_DEFICIENT;
}

STATIC int NAME(least_squares)(const struct bla_call *call, size_t i) {
  const int m = call->m, n = call->n, k = call->k, large = m > n ? m : n;
  const T *a = NAME(a_of)(call, i, (size_t)m * n), *b = NAME(b_of)(call, i, (size_t)m * k);
  T *x = (T *)call->x + i * (size_t)n * k;
  if (m == 0 || n == 0 || k == 0) {
    memset(x, 0, (size_t)n * k * sizeof(T));
    return BLA_OK;
  }
  if (call->fast) return NAME(least_squares_fast)(call, a, b, x);
  T *columns = bla_memory((size_t)m * n + (size_t)large * k, sizeof(T));
  int *pivots = calloc((size_t)n, sizeof(int));
  R *rwork = bla_memory(2 * (size_t)n, sizeof(R));
  int info = 0, query = -1, rank, status = BLA_NO_MEMORY;
  if (columns && pivots && rwork) {
    T *right = columns + (size_t)m * n, best;
    NAME(transpose)(m, n, a, n, columns, m);
    NAME(transpose)(m, k, b, k, right, large);
    const R condition = EPSILON * (R)(m < n ? m : n);
#if IS_COMPLEX
#define GELSY(work, size)                                                                     \
  LAPACK(gelsy)(&m, &n, &k, columns, &m, right, &large, pivots, &condition, &rank, work,      \
                size, rwork, &info)
#else
#define GELSY(work, size)                                                                     \
  LAPACK(gelsy)(&m, &n, &k, columns, &m, right, &large, pivots, &condition, &rank, work,      \
                size, &info)
#endif
    GELSY(&best, &query);
    int size = (int)REAL(best) + 1;
    T *work = bla_memory((size_t)size, sizeof(T));
    if (work) {
      GELSY(work, &size);
      status = info == 0 ? BLA_OK : BLA_NOT_CONVERGED;
      NAME(transpose)(k, n, right, large, x, k);
    }
    free(work);
  }
  free(rwork);
  free(pivots);
  free(columns);
  return status;
}
