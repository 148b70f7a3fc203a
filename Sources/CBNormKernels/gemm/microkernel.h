// A tile of R rows and NV vectors of columns: C = sum over the segments of A(row, k) B(k, column).

BNK_INLINE vf load_lanes(const float *from, bool whole, int lanes) {
  return whole ? v_load(from) : v_load_first(from, lanes);
}

/// The rows' addresses are kept apart from the position in the inner dimension, which is one index
/// for all of them, so that rows may lie anywhere.
BNK_INLINE void tile_sum(const struct bnk_tile *t, vf acc[BNK_TILE_ROWS][2], const int R,
                         const int NV) {
  const float *rows[BNK_TILE_ROWS];
  BNK_UNROLL for (int i = 0; i < R; i++) {
    rows[i] = t->rows[i];
    BNK_UNROLL for (int j = 0; j < NV; j++) acc[i][j] = v_zero();
  }
  if (t->continues) {
    const int last = t->last_lanes;
    BNK_UNROLL for (int i = 0; i < R; i++) {
      BNK_UNROLL for (int j = 0; j < NV; j++) {
        acc[i][j] = load_lanes(t->sums + i * t->sums_stride + j * BNK_V,
                               j < NV - 1 || last == BNK_V, last);
      }
    }
  }
  const float *b = t->b;
  const size_t run = t->segments.run;
  size_t outer = t->offset;
  for (size_t o = t->segments.outer_count; o; o--, outer += t->segments.outer_step) {
    size_t inner = outer;
    for (size_t s = t->segments.inner_count; s; s--, inner += t->segments.inner_step) {
      size_t k = inner;
      const size_t end = k + run;
#pragma clang loop unroll(disable)
      for (; k < end; k++) {
        // Hides where k comes from, lest every row get a pointer of its own to step.
        __asm__("" : "+r"(k));
        vf columns[2];
        BNK_UNROLL for (int j = 0; j < NV; j++) columns[j] = v_load(b + j * BNK_V);
        b += NV * BNK_V;
        BNK_UNROLL for (int i = 0; i < R; i++) {
          const vf x = v_set1(rows[i][k]);
          BNK_UNROLL for (int j = 0; j < NV; j++) acc[i][j] = v_fma(x, columns[j], acc[i][j]);
        }
      }
    }
  }
}

BNK_INLINE void tile_body(const struct bnk_tile *t, const int R, const int NV) {
  vf acc[BNK_TILE_ROWS][2];
  tile_sum(t, acc, R, NV);

  float *const c = t->c;
  const size_t ldc = t->ldc;
  const int last = t->last_lanes;
  const bool whole = last == BNK_V;
  if (t->adds) {
    BNK_UNROLL for (int i = 0; i < R; i++) {
      BNK_UNROLL for (int j = 0; j < NV; j++) {
        acc[i][j] += load_lanes(t->sums + i * t->sums_stride + j * BNK_V,
                                j < NV - 1 || whole, last);
      }
    }
  }
  if (t->ends) {
    if (t->statistics) {
      BNK_UNROLL for (int j = 0; j < NV; j++) {
        const bool full = j < NV - 1 || whole;
        const float *mean = t->statistics + j * BNK_V;
        const vf means = load_lanes(mean, full, last);
        const vf inverses = load_lanes(mean + t->statistics_step, full, last);
        const vf gammas = load_lanes(mean + 2 * t->statistics_step, full, last);
        BNK_UNROLL for (int i = 0; i < R; i++) {
          acc[i][j] -= means;
          acc[i][j] *= inverses;
        }
        if (t->statistics_fuse) {
          const vf bias = load_lanes(t->bias + j * BNK_V, full, last);
          BNK_UNROLL for (int i = 0; i < R; i++) acc[i][j] = v_fma(acc[i][j], gammas, bias);
        } else {
          BNK_UNROLL for (int i = 0; i < R; i++) acc[i][j] *= gammas;
        }
      }
    }
    if (t->bias && !t->statistics_fuse) {
      BNK_UNROLL for (int j = 0; j < NV; j++) {
        const vf bias = load_lanes(t->bias + j * BNK_V, j < NV - 1 || whole, last);
        BNK_UNROLL for (int i = 0; i < R; i++) acc[i][j] += bias;
      }
    }
    if (t->residual) {
      BNK_UNROLL for (int i = 0; i < R; i++) {
        const float *r = t->residual + i * t->residual_stride;
        BNK_UNROLL for (int j = 0; j < NV; j++) {
          acc[i][j] += load_lanes(r + j * BNK_V, j < NV - 1 || whole, last);
        }
      }
    }
    const vf low = v_set1(t->low), high = v_set1(t->high);
    BNK_UNROLL for (int i = 0; i < R; i++) {
      BNK_UNROLL for (int j = 0; j < NV; j++) acc[i][j] = v_min(high, v_max(low, acc[i][j]));
    }
  }
  if (whole) {
    BNK_UNROLL for (int i = 0; i < R; i++) {
      BNK_UNROLL for (int j = 0; j < NV; j++) v_store(c + i * ldc + j * BNK_V, acc[i][j]);
    }
  } else {
    BNK_UNROLL for (int i = 0; i < R; i++) {
      BNK_UNROLL for (int j = 0; j < NV - 1; j++) v_store(c + i * ldc + j * BNK_V, acc[i][j]);
      v_store_first(c + i * ldc + (NV - 1) * BNK_V, acc[i][NV - 1], last);
    }
  }
}
