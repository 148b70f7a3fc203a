// A template: solving with bands and with three diagonals.

/// Row `to` minus factor times row `from`.
STATIC void NAME(subtract_row)(int k, T *to, T factor, const T *from) {
  for (int c = 0; c < k; c++) to[c] -= factor * from[c];
}
STATIC void NAME(divide_row)(int k, T *row, T by) {
  for (int c = 0; c < k; c++) row[c] /= by;
}

/// Element (r, c) of the triangular matrix that the bands [m,n] hold: below (or above) the diagonal
/// band d holds the elements d away from it, at their column (lower: at their row).
STATIC T NAME(band)(const T *a, int m, int n, int lower, int r, int c) {
  return lower ? a[(size_t)(r - c) * n + r] : a[(size_t)(m - 1 - (c - r)) * n + r];
}

STATIC int NAME(banded_solve)(const struct bla_call *call, size_t i) {
  const int m = call->m, n = call->n, k = call->k, lower = call->lower, adjoint = call->adjoint;
  const T *a = NAME(a_of)(call, i, (size_t)m * n), *b = NAME(b_of)(call, i, (size_t)n * k);
  T *x = (T *)call->x + i * (size_t)n * k;
  // Only the first matrix's diagonal is looked at.
  if (i == 0) {
    for (int r = 0; r < n; r++) {
      if (!(ABS(((const T *)call->a)[(size_t)(lower ? 0 : m - 1) * n + r]) > 0)) return BLA_SINGULAR;
    }
  }
  memcpy(x, b, (size_t)n * k * sizeof(T));
  const int forward = lower != adjoint;
  for (int step = 0; step < n; step++) {
    const int r = forward ? step : n - 1 - step;
    T *row = x + (size_t)r * k;
    for (int d = 1; d < m; d++) {
      const int c = forward ? r - d : r + d;
      if (c < 0 || c >= n) break;
      const T factor = adjoint ? CONJ(NAME(band)(a, m, n, lower, c, r))
                               : NAME(band)(a, m, n, lower, r, c);
      NAME(subtract_row)(k, row, factor, x + (size_t)c * k);
    }
    const T pivot = NAME(band)(a, m, n, lower, r, r);
    NAME(divide_row)(k, row, adjoint ? CONJ(pivot) : pivot);
  }
  return BLA_OK;
}

/// Moves a pivot away from zero (or scales its row) so that dividing by it does not overflow.
STATIC void NAME(perturb)(R by, T *pivot, int k, T *row) {
#if IS_DOUBLE
  const R safe = DBL_MIN;
#else
  const R safe = FLT_MIN;
#endif
  const R big = 1 / safe;
  R size = ABS(*pivot);
  if (size >= 1) return;
  by = FN(fabs)(by);
  if (by < safe) by = safe;
  by = FN(copysign)(by, REAL(*pivot));
  R largest = 0;
  for (int c = 0; c < k; c++) {
    if (ABS(row[c]) > largest) largest = ABS(row[c]);
  }
  for (int stop = 0; size < 1 && !stop; size = ABS(*pivot)) {
    if (size < safe && size != 0 && !(largest * safe > size)) {
      *pivot *= big;
      for (int c = 0; c < k; c++) row[c] *= big;
      stop = 1;
    } else if (size < safe || largest > size * big) {
      *pivot += by;
      by *= 2;
    } else {
      stop = 1;
    }
  }
}

/// Gaussian elimination with row exchanges; u holds the diagonal and the two above it.
STATIC void NAME(tridiagonal_eliminate)(
    int n, int k, const T *upper, const T *diagonal, const T *lower, const T *b, T *x, T (*u)[3]) {
  u[0][0] = diagonal[0];
  u[0][1] = n > 1 ? upper[0] : 0;
  u[0][2] = 0;
  memcpy(x, b, (size_t)k * sizeof(T));
  for (int i = 0; i + 1 < n; i++) {
    T *row = x + (size_t)i * k, *next = row + k;
    const T *given = b + (size_t)(i + 1) * k;
    const T above = i + 2 < n ? upper[i + 1] : 0;
    if (ABS(u[i][0]) >= ABS(lower[i + 1])) {
      const T factor = lower[i + 1] / u[i][0];
      u[i + 1][0] = diagonal[i + 1] - factor * u[i][1];
      u[i + 1][1] = above;
      u[i][2] = 0;
      for (int c = 0; c < k; c++) next[c] = given[c] - factor * row[c];
    } else {
      const T factor = u[i][0] / lower[i + 1];
      u[i][0] = lower[i + 1];
      u[i + 1][0] = u[i][1] - factor * diagonal[i + 1];
      u[i][1] = diagonal[i + 1];
      u[i][2] = above;
      u[i + 1][1] = -factor * above;
      for (int c = 0; c < k; c++) {
        next[c] = row[c] - factor * given[c];
        row[c] = given[c];
      }
    }
    u[i + 1][2] = 0;
  }
}

/// The same with rows scaled to choose the pivots. Returns the largest element of u.
STATIC R NAME(tridiagonal_eliminate_scaled)(
    int n, int k, const T *upper, const T *diagonal, const T *lower, const T *b, T *x, T (*u)[3]) {
  u[0][0] = diagonal[0];
  u[0][1] = n > 1 ? upper[0] : 0;
  u[0][2] = 0;
  R largest = FN(fmax)(ABS(u[0][0]), ABS(u[0][1])), scale = ABS(u[0][0]) + ABS(u[0][1]);
  memcpy(x, b, (size_t)k * sizeof(T));
  for (int i = 0; i + 1 < n; i++) {
    T *row = x + (size_t)i * k, *next = row + k;
    const T *given = b + (size_t)(i + 1) * k;
    const T above = i + 2 < n ? upper[i + 1] : 0, below = lower[i + 1];
    const R scale_next = ABS(below) + ABS(diagonal[i + 1]) + ABS(above);
    u[i][2] = u[i + 1][2] = 0;
    u[i + 1][0] = diagonal[i + 1];
    u[i + 1][1] = above;
    const R pivot = u[i][0] == 0 ? 0 : ABS(u[i][0]) / scale;
    if (below == 0) {
      scale = scale_next;
      memcpy(next, given, (size_t)k * sizeof(T));
    } else if (ABS(below) / scale_next <= pivot) {
      scale = scale_next;
      const T factor = below / u[i][0];
      u[i + 1][0] = diagonal[i + 1] - factor * u[i][1];
      for (int c = 0; c < k; c++) next[c] = given[c] - factor * row[c];
    } else {
      const T factor = u[i][0] / below;
      u[i][0] = below;
      u[i + 1][0] = u[i][1] - factor * diagonal[i + 1];
      u[i][1] = diagonal[i + 1];
      u[i][2] = above;
      u[i + 1][1] = -factor * above;
      for (int c = 0; c < k; c++) {
        next[c] = row[c] - factor * given[c];
        row[c] = given[c];
      }
    }
    for (int c = 0; c < 3 && i + 2 < n; c++) largest = FN(fmax)(largest, ABS(u[i][c]));
  }
  return FN(fmax)(largest, ABS(u[n - 1][0]));
}

/// Without row exchanges; 0 if a pivot is zero.
STATIC int NAME(thomas)(
    int n, int k, const T *upper, const T *diagonal, const T *lower, const T *b, T *x, T *u) {
  if (diagonal[0] == 0) return 0;
  u[0] = upper[0] / diagonal[0];
  memcpy(x, b, (size_t)k * sizeof(T));
  NAME(divide_row)(k, x, diagonal[0]);
  for (int i = 1; i < n; i++) {
    const T pivot = diagonal[i] - lower[i] * u[i - 1];
    if (pivot == 0) return 0;
    u[i] = i + 1 < n ? upper[i] / pivot : 0;
    T *row = x + (size_t)i * k, *before = row - k;
    const T *given = b + (size_t)i * k;
    for (int c = 0; c < k; c++) row[c] = (given[c] - lower[i] * before[c]) / pivot;
  }
  for (int i = n - 2; i >= 0; i--) {
    NAME(subtract_row)(k, x + (size_t)i * k, u[i], x + (size_t)(i + 1) * k);
  }
  return 1;
}

STATIC int NAME(tridiagonal_solve)(const struct bla_call *call, size_t i) {
  const int n = call->n, k = call->k;
  const T *a = NAME(a_of)(call, i, 3 * (size_t)n), *b = NAME(b_of)(call, i, (size_t)n * k);
  const T *upper = a, *diagonal = a + n, *lower = a + 2 * (size_t)n;
  T *x = (T *)call->x + i * (size_t)n * k;
  if (n == 0) return BLA_OK;
  T(*u)[3] = bla_memory((size_t)n, sizeof *u);
  if (!u) return BLA_NO_MEMORY;
  int ok = 1;
  if (n == 1 && !(call->pivots && call->perturb)) {
    ok = diagonal[0] != 0;
    memcpy(x, b, (size_t)k * sizeof(T));
    if (ok) NAME(divide_row)(k, x, diagonal[0]);
  } else if (!call->pivots) {
    ok = NAME(thomas)(n, k, upper, diagonal, lower, b, x, (T *)u);
  } else {
    R tolerance = 0;
    if (call->perturb) {
      tolerance = EPSILON * NAME(tridiagonal_eliminate_scaled)(
                                n, k, upper, diagonal, lower, b, x, u);
    } else {
      NAME(tridiagonal_eliminate)(n, k, upper, diagonal, lower, b, x, u);
      for (int r = 0; r < n && ok; r++) ok = u[r][0] != 0;
    }
    for (int r = n - 1; r >= 0 && ok; r--) {
      T *row = x + (size_t)r * k, pivot = u[r][0];
      for (int d = 1; d < 3 && r + d < n; d++) {
        NAME(subtract_row)(k, row, u[r][d], x + (size_t)(r + d) * k);
      }
      if (call->perturb) {
        NAME(perturb)(tolerance, &pivot, k, row);
        const T inverse = 1 / pivot;
        for (int c = 0; c < k; c++) row[c] *= inverse;
      } else {
        NAME(divide_row)(k, row, pivot);
      }
    }
  }
  for (size_t j = 0; j < (size_t)n * k && !ok; j++) x[j] = (R)NAN;
  free(u);
  return BLA_OK;
}
