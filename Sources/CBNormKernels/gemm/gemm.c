#include "bnk/gemm.h"

#include "bnk/threads.h"
#include "igemm.h"
#include "pack.h"

size_t bnk_gemm_f32_packed_bytes(size_t k, size_t n) {
  return bnk_packed_floats(k, n, (size_t)bnk_igemm_current()->vector) * sizeof(float);
}

void bnk_gemm_f32_pack_b(size_t k, size_t n, const void *b, size_t ldb, bool transposed,
                         const float *scale, float *packed) {
  bnk_pack_columns(&(struct bnk_columns){
      .source = b,
      .segments = {.outer_count = 1, .inner_count = 1, .run = k},
      .k_step = transposed ? 1 : ldb,
      .n = n,
      .n_step = transposed ? ldb : 1,
      .scale = scale,
      .packed = packed,
  });
}

/// A row times a matrix that is neither small nor wide: TensorFlow sums up two halves.
static size_t part_of(size_t m, size_t n, size_t k) {
  const bool halves = m == 1 && n <= 2048 && n * k >= (size_t)1 << 18;
  return halves ? (k + 1) / 2 : 0;
}

static struct bnk_product product_of(size_t m, size_t n, size_t k, size_t lda) {
  return (struct bnk_product){
      .m = m,
      .per_image = m,
      .per_line = m,
      .place_step = lda,
      .segments = {.outer_count = 1, .inner_count = 1, .run = k},
      .part = part_of(m, n, k),
      .n = n,
      .strands = (size_t)bnk_threads(),
  };
}

size_t bnk_gemm_f32_workspace_bytes(size_t m, size_t n, size_t k, size_t lda) {
  const struct bnk_product product = product_of(m, n, k, lda);
  return bnk_product_scratch_floats(&product) * product.strands * sizeof(float);
}

void bnk_gemm_f32(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *packed,
                  const struct bnk_epilogue *epilogue, float *c, size_t ldc, void *workspace,
                  size_t workspace_bytes) {
  if (m == 0 || n == 0) return;
  struct bnk_product product = product_of(m, n, k, lda);
  product.input = a;
  product.packed = packed;
  product.c = c;
  product.ldc = ldc;
  if (epilogue) product.epilogue = *epilogue;
  const size_t scratch = bnk_product_scratch_floats(&product) * sizeof(float);
  if (scratch && workspace && workspace_bytes >= scratch) {
    const size_t strands = workspace_bytes / scratch;
    if (strands < product.strands) product.strands = strands;
    product.scratch = workspace;
  }
  bnk_product_run(&product);
}
