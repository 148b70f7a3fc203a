// A template: Cholesky and LU factorisations and what follows from them.

/// Factors the lower triangle of a [n,n] in place; 0 if a pivot is not positive.
STATIC int NAME(cholesky_block)(int n, T *a, int ld) {
  for (int j = 0; j < n; j++) {
    T *row = a + (size_t)j * ld;
    R d = REAL(row[j]);
    for (int k = 0; k < j; k++) d -= REAL(row[k] * CONJ(row[k]));
    if (d <= 0) return 0;
    d = FN(sqrt)(d);
    row[j] = d;
    for (int i = j + 1; i < n; i++) {
      T *other = a + (size_t)i * ld;
      T sum = other[j];
      for (int k = 0; k < j; k++) sum -= other[k] * CONJ(row[k]);
      other[j] = sum / d;
    }
  }
  return 1;
}

/// Blocks of 64 rows, from left to right.
STATIC int NAME(cholesky_factor)(int n, T *a, int ld) {
  enum { BLOCK = 64 };
  for (int j = 0; j < n; j += BLOCK) {
    const int b = n - j < BLOCK ? n - j : BLOCK, rest = n - j - b;
    T *corner = a + (size_t)j * ld + j, *below = corner + (size_t)b * ld;
    if (!NAME(cholesky_block)(b, corner, ld)) return 0;
    if (rest == 0) continue;
    const T one = 1;
    CBLAS(trsm)(CblasRowMajor, CblasRight, CblasLower, CblasConjTrans, CblasNonUnit, rest, b,
                SCALAR(one), corner, ld, below, ld);
    NAME(gemm)(CblasNoTrans, CblasConjTrans, rest, rest, b, -1, below, ld, below, ld, 1,
               below + b, ld);
  }
  return 1;
}

STATIC int NAME(cholesky)(const struct bla_call *call, size_t i) {
  const int n = call->n;
  const size_t size = (size_t)n * n;
  const T *a = NAME(a_of)(call, i, size);
  T *x = (T *)call->x + i * size;
  for (int r = 0; r < n; r++) {
    for (int c = 0; c < n; c++) x[(size_t)r * n + c] = c <= r ? a[(size_t)r * n + c] : 0;
  }
  const int ok = NAME(cholesky_factor)(n, x, n);
  for (int r = 0; r < n; r++) {
    for (int c = 0; c < n; c++) {
      if (c > r) x[(size_t)r * n + c] = 0;
      if (c <= r && !ok) x[(size_t)r * n + c] = (R)NAN;
    }
  }
  return BLA_OK;
}

/// The gradient of a for the factor l with gradient g: half the sum of s and its adjoint, where
/// s = l^-H phi(l^H g) l^-1 and phi takes the lower triangle with half the diagonal.
STATIC int NAME(cholesky_grad)(const struct bla_call *call, size_t i) {
  const int n = call->n;
  const size_t size = (size_t)n * n;
  const T *l = NAME(a_of)(call, i, size), *g = NAME(b_of)(call, i, size);
  T *x = (T *)call->x + i * size;
  T *work = bla_memory(2 * size, sizeof(T));
  if (!work) return BLA_NO_MEMORY;
  T *lower = work, *grad = work + size;
  for (int r = 0; r < n; r++) {
    for (int c = 0; c < n; c++) {
      const size_t at = (size_t)r * n + c;
      lower[at] = c <= r ? l[at] : 0;
      grad[at] = c <= r ? g[at] : 0;
    }
  }
  NAME(gemm)(CblasConjTrans, CblasNoTrans, n, n, n, 1, lower, n, grad, n, 0, x, n);
  for (int r = 0; r < n; r++) {
    for (int c = r; c < n; c++) x[(size_t)r * n + c] *= c == r ? (R)0.5 : (R)0;
  }
  NAME(trsm)(CblasLower, CblasConjTrans, CblasNonUnit, n, n, lower, n, x, n);
  const T one = 1;
  if (n > 0) {
    CBLAS(trsm)(CblasRowMajor, CblasRight, CblasLower, CblasNoTrans, CblasNonUnit, n, n,
                SCALAR(one), lower, n, x, n);
  }
  for (int r = 0; r < n; r++) {
    for (int c = 0; c <= r; c++) {
      const T mean = (x[(size_t)r * n + c] + CONJ(x[(size_t)c * n + r])) / 2;
      x[(size_t)r * n + c] = mean;
      x[(size_t)c * n + r] = CONJ(mean);
    }
  }
  free(work);
  return BLA_OK;
}

STATIC void NAME(swap_rows)(T *a, int ld, int i, int j, int from, int to) {
  T *x = a + (size_t)i * ld, *y = a + (size_t)j * ld;
  for (int c = from; c < to; c++) {
    const T t = x[c];
    x[c] = y[c];
    y[c] = t;
  }
}

/// Factors a [n,n] in place with row pivoting; perm[i] becomes the row of a that is row i of the
/// product. Returns the sign of the permutation.
STATIC int NAME(lu_factor)(int n, T *a, int32_t *perm) {
  const int block = n <= 64 ? n : 48;
  int sign = 1;
  for (int i = 0; i < n; i++) perm[i] = i;
  for (int j = 0; j < n; j += block) {
    const int b = n - j < block ? n - j : block, end = j + b;
    for (int k = j; k < end; k++) {
      int pivot = k;
      R best = ABS(a[(size_t)k * n + k]);
      for (int i = k + 1; i < n; i++) {
        const R size = ABS(a[(size_t)i * n + k]);
        if (size > best) {
          best = size;
          pivot = i;
        }
      }
      if (pivot != k) {
        NAME(swap_rows)(a, n, k, pivot, 0, n);
        const int32_t t = perm[k];
        perm[k] = perm[pivot];
        perm[pivot] = t;
        sign = -sign;
      }
      const T *row = a + (size_t)k * n;
      if (best != 0) {
        for (int i = k + 1; i < n; i++) a[(size_t)i * n + k] /= row[k];
      }
      for (int i = k + 1; i < n; i++) {
        T *other = a + (size_t)i * n;
        const T factor = other[k];
        for (int c = k + 1; c < end; c++) other[c] -= factor * row[c];
      }
    }
    const int rest = n - end;
    if (rest == 0) continue;
    T *corner = a + (size_t)j * n + j, *right = corner + b, *below = corner + (size_t)b * n;
    NAME(trsm)(CblasLower, CblasNoTrans, CblasUnit, b, rest, corner, n, right, n);
    NAME(gemm)(CblasNoTrans, CblasNoTrans, rest, rest, b, -1, below, n, right, n, 1, below + b, n);
  }
  return sign;
}

/// A pivot is zero or not a number.
STATIC int NAME(is_singular)(int n, const T *lu) {
  for (int i = 0; i < n; i++) {
    if (!(ABS(lu[(size_t)i * n + i]) > 0)) return 1;
  }
  return 0;
}

STATIC int NAME(lu)(const struct bla_call *call, size_t i) {
  const int n = call->n;
  const size_t size = (size_t)n * n;
  T *x = (T *)call->x + i * size;
  memcpy(x, NAME(a_of)(call, i, size), size * sizeof(T));
  NAME(lu_factor)(n, x, (int32_t *)call->y + i * n);
  return NAME(is_singular)(n, x) ? BLA_SINGULAR : BLA_OK;
}

/// Factors a, or its adjoint, into new memory [n,n] followed by the permutation.
STATIC T *NAME(factored)(const T *a, int n, int adjoint, int32_t **perm, int *sign) {
  const size_t size = (size_t)n * n;
  T *lu = bla_memory(size * sizeof(T) + (size_t)n * sizeof(int32_t), 1);
  if (!lu) return NULL;
  *perm = (int32_t *)(lu + size);
  memcpy(lu, a, size * sizeof(T));
  if (adjoint) {
    for (int r = 0; r < n; r++) {
      for (int c = 0; c < n; c++) lu[(size_t)c * n + r] = CONJ(a[(size_t)r * n + c]);
    }
  }
  *sign = NAME(lu_factor)(n, lu, *perm);
  return lu;
}

STATIC int NAME(solve)(const struct bla_call *call, size_t i) {
  const int n = call->n, inverse = call->op == BLA_INVERSE, k = inverse ? n : call->k;
  const T *a = NAME(a_of)(call, i, (size_t)n * n);
  const T *b = inverse ? NULL : NAME(b_of)(call, i, (size_t)n * k);
  T *x = (T *)call->x + i * (size_t)n * k;
  int32_t *perm;
  int sign;
  T *lu = NAME(factored)(a, n, call->adjoint, &perm, &sign);
  if (!lu) return BLA_NO_MEMORY;
  if (NAME(is_singular)(n, lu)) {
    free(lu);
    return BLA_SINGULAR;
  }
  for (int r = 0; r < n; r++) {
    T *row = x + (size_t)r * k;
    if (inverse) {
      memset(row, 0, (size_t)k * sizeof(T));
      row[perm[r]] = 1;
    } else {
      memcpy(row, b + (size_t)perm[r] * k, (size_t)k * sizeof(T));
    }
  }
  NAME(trsm)(CblasLower, CblasNoTrans, CblasUnit, n, k, lu, n, x, k);
  NAME(trsm)(CblasUpper, CblasNoTrans, CblasNonUnit, n, k, lu, n, x, k);
  free(lu);
  return BLA_OK;
}

STATIC int NAME(determinant)(const struct bla_call *call, size_t i) {
  const int n = call->n;
  int32_t *perm;
  int sign_of_rows;
  T *lu = NAME(factored)(NAME(a_of)(call, i, (size_t)n * n), n, 0, &perm, &sign_of_rows);
  if (!lu) return BLA_NO_MEMORY;
  T sign = (R)sign_of_rows;
  R magnitude = 0;
  for (int r = 0; r < n; r++) {
    const T d = lu[(size_t)r * n + r];
    const R size = ABS(d);
    magnitude += FN(log)(size);
    sign *= d / size;
  }
  if (!isfinite(magnitude)) {
    sign = 0;
    magnitude = magnitude > 0 ? (R)INFINITY : -(R)INFINITY;
  }
  free(lu);
  if (call->op == BLA_LOG_DETERMINANT) {
    ((T *)call->x)[i] = sign;
    ((T *)call->y)[i] = magnitude;
  } else {
    ((T *)call->x)[i] = sign * FN(exp)(magnitude);
  }
  return BLA_OK;
}

STATIC int NAME(triangular_solve)(const struct bla_call *call, size_t i) {
  const int n = call->n, k = call->k;
  const T *a = NAME(a_of)(call, i, (size_t)n * n), *b = NAME(b_of)(call, i, (size_t)n * k);
  T *x = (T *)call->x + i * (size_t)n * k;
  memcpy(x, b, (size_t)n * k * sizeof(T));
  NAME(trsm)(call->lower ? CblasLower : CblasUpper, call->adjoint ? CblasConjTrans : CblasNoTrans,
             CblasNonUnit, n, k, a, n, x, k);
  return BLA_OK;
}
