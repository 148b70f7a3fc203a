// Included by epilogue.c for each type: T, SUFFIX, FN(name of a function of math.h).
#define JOIN_(A, B) A##B
#define JOIN(A, B) JOIN_(A, B)
#define NAME(BASE) JOIN(BASE, SUFFIX)

static inline T NAME(activate_)(const struct bnk_nn_epilogue *e, T x) {
  const T alpha = (T)e->alpha, beta = (T)e->beta;
  switch (e->activation) {
    case BNK_NN_NONE: return x;
    case BNK_NN_RELU: return x < 0 ? 0 : x;
    case BNK_NN_RELU6: return x < 0 ? 0 : x > 6 ? 6 : x;
    case BNK_NN_CLAMP: return x < alpha ? alpha : x > beta ? beta : x;
    case BNK_NN_LEAKY_RELU: return x > 0 ? x : alpha * x;
    case BNK_NN_ELU: return x > 0 ? x : alpha * FN(expm1)(x);
    case BNK_NN_SELU:
      return (T)1.0507009873554805 * (x > 0 ? x : (T)1.6732632423543772 * FN(expm1)(x));
    case BNK_NN_SIGMOID: return 1 / (1 + FN(exp)(-x));
    case BNK_NN_TANH: return FN(tanh)(x);
    case BNK_NN_SWISH: return x / (1 + FN(exp)(-x));
    case BNK_NN_HARD_SWISH:
    case BNK_NN_HARD_SIGMOID: {
      T gate = alpha * x + beta;
      gate = gate < 0 ? 0 : gate > 1 ? 1 : gate;
      return e->activation == BNK_NN_HARD_SWISH ? x * gate : gate;
    }
    case BNK_NN_GELU: return (T)0.5 * x * (1 + FN(erf)(x * (T)0.7071067811865476));
    case BNK_NN_GELU_TANH: {
      const T inner = (T)0.7978845608028654 * (x + (T)0.044715 * x * x * x);
      return (T)0.5 * x * (1 + FN(tanh)(inner));
    }
    case BNK_NN_SOFTPLUS: return x > 20 ? x : FN(log1p)(FN(exp)(x));
    case BNK_NN_SOFTSIGN: return x / (1 + FN(fabs)(x));
    case BNK_NN_MISH: return x * FN(tanh)(x > 20 ? x : FN(log1p)(FN(exp)(x)));
  }
  return x;
}

void NAME(bnk_nn_epilogue_)(const struct bnk_nn_epilogue *e, const T *bias, const T *residual,
                            size_t residual_stride, size_t rows, size_t n, T *x, size_t stride) {
  for (size_t r = 0; r < rows; r++) {
    T *row = x + r * stride;
    const T *other = residual ? residual + r * residual_stride : NULL;
    if (bias) {
      for (size_t j = 0; j < n; j++) row[j] += bias[j];
    }
    if (other && !e->residual_last) {
      for (size_t j = 0; j < n; j++) row[j] += other[j];
    }
    switch (e->activation) {
      case BNK_NN_NONE: break;
      case BNK_NN_RELU:
        for (size_t j = 0; j < n; j++) row[j] = row[j] < 0 ? 0 : row[j];
        break;
      default:
        for (size_t j = 0; j < n; j++) row[j] = NAME(activate_)(e, row[j]);
    }
    if (other && e->residual_last) {
      for (size_t j = 0; j < n; j++) row[j] += other[j];
    }
  }
}

#undef NAME
#undef JOIN
#undef JOIN_
