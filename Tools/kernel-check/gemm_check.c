#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bnk/gemm.h"
#include "bnk/threads.h"
#include "check.h"

struct product {
  size_t m, n, k, lda, ldb, ldc;
  bool transposed;
  const float *a, *b, *scale;
};

static float element(const struct product *p, size_t k, size_t j) {
  float value;
  const size_t at = p->transposed ? j * p->ldb + k : k * p->ldb + j;
  memcpy(&value, (const char *)p->b + at * sizeof(float), sizeof value);
  return value;
}

static bool compare(const struct product *p, const struct bnk_epilogue *e, const float *c) {
  // All rows of a small product, some of a large one.
  const size_t step = p->m * p->n * p->k > 2000000 ? p->m / 7 + 1 : 1;
  const double tolerance = 4e-7 * sqrt((double)p->k + 1) + 2e-6;
  for (size_t i = 0; i < p->m; i += step) {
    for (size_t j = 0; j < p->n; j++) {
      double sum = 0;
      for (size_t k = 0; k < p->k; k++) sum += (double)p->a[i * p->lda + k] * element(p, k, j);
      if (p->scale) sum *= p->scale[j];
      const double wanted = reference_epilogue(e, sum, i, j);
      if (!agrees("gemm", i * p->n + j, c[i * p->ldc + j], wanted, tolerance)) return false;
    }
    for (size_t j = p->n; j < p->ldc && i + 1 < p->m; j++) {
      if (!is_poison(c[i * p->ldc + j])) return agrees("gap", j, 0, 1, 0);
    }
  }
  return true;
}

static void check_case(size_t m, size_t n, size_t k, bool plain) {
  struct product p = {.m = m, .n = n, .k = k};
  p.lda = k + (plain ? 0 : below(3) * below(9));
  p.ldc = n + (plain ? 0 : below(2) * below(9));
  p.transposed = !plain && below(2);
  p.ldb = (p.transposed ? k : n) + (plain ? 0 : below(2) * below(5));
  const size_t b_lines = p.transposed ? n : k, b_length = p.transposed ? k : n;
  const size_t b_floats = b_lines ? (b_lines - 1) * p.ldb + b_length : 0;
  p.a = random_floats(m ? (m - 1) * p.lda + k : 0);
  const float *b = random_floats(b_floats);
  // An address that is not aligned, as in a mapped file.
  char *moved = (char *)guarded(b_floats * sizeof(float) + 1);
  memcpy(moved, b, b_floats * sizeof(float));
  p.b = (const float *)moved;
  if (!plain && below(3) == 0) p.scale = random_floats(n);
  struct bnk_epilogue e = {0};
  if (!plain) e = random_epilogue(m, n);

  float *packed = guarded(bnk_gemm_f32_packed_bytes(k, n));
  bnk_gemm_f32_pack_b(k, n, moved, p.ldb, p.transposed, p.scale, packed);
  const size_t c_floats = m ? (m - 1) * p.ldc + n : 0;
  float *first = NULL;
  for (int threads = 1; threads <= 3; threads++) {
    bnk_set_threads(threads);
    const size_t bytes = below(4) ? bnk_gemm_f32_workspace_bytes(m, n, k, p.lda) : 0;
    float *c = poisoned_floats(c_floats);
    bnk_gemm_f32(m, n, k, p.a, p.lda, packed, &e, c, p.ldc, guarded(bytes), bytes);
    bool fine = first ? memcmp(first, c, c_floats * sizeof(float)) == 0 : compare(&p, &e, c);
    record(fine, "gemm m %zu n %zu k %zu lda %zu ldc %zu transposed %d activation %d%s%s%s", m, n,
           k, p.lda, p.ldc, p.transposed, e.activation, e.residual ? " residual" : "",
           e.residual_after_activation ? " after" : "", first ? " (differs by threads)" : "");
    if (!first) first = c;
  }
  bnk_set_threads(0);
  release_all();
}

void check_gemm(void) {
  for (size_t m = 1; m < 30; m++) {
    for (size_t n = 1; n < 70; n += 3) check_case(m, n, 1 + below(40), m % 2);
  }
  for (int i = 0; i < 150; i++) check_case(below(100), below(150), below(300), false);
  check_case(3, 5, 0, false);
  check_case(1, 1000, 2048, false);
  check_case(200, 130, 1100, false);
  check_case(30, 70, 2500, false);
  check_case(49, 96, 2048, true);
  check_case(130, 64, 1024, true);
  check_case(600, 64, 1024, true);
  check_case(1000, 33, 17, false);
}
