/* The update rules for one dtype. The includer defines: NAME(rule), T, and on T: ADD SUB MUL DIV
 * SQRT CONSTANT, and for ordered dtypes (REAL) also MAX MIN ABS SIGN EXP POW LESS
 * EQUAL FROM_DOUBLE.
 * Half and bfloat16 round after each operation, as TensorFlow does. */

/* States may be one and the same: nothing is kept across a store. */
#define STATE(i) T *const s##i = state[i]
#define GRADIENT const T *const grad = gradient
#define SCALARS const T *const p = scalars
#define EACH for (size_t i = 0; i < count; i++)
#define UNUSED (void)scalars, (void)step, (void)flags
#define ONE CONSTANT(1)
#define SQUARE(x) MUL(x, x)
#define RULE(name)                                                                              \
  static void NAME(name)(size_t count, void *const *state, const void *gradient,                \
                         const void *scalars, double step, int flags)

RULE(gradient_descent) {
  STATE(0); GRADIENT; SCALARS; UNUSED;
  EACH s0[i] = SUB(s0[i], MUL(grad[i], p[0]));
}

RULE(momentum) {
  STATE(0); STATE(1); GRADIENT; SCALARS; UNUSED;
  const T lr = p[0], momentum = p[1];
  if (flags & BNK_NESTEROV) {
    EACH {
      s1[i] = ADD(MUL(s1[i], momentum), grad[i]);
      s0[i] = SUB(s0[i], ADD(MUL(grad[i], lr), MUL(MUL(s1[i], momentum), lr)));
    }
  } else {
    EACH {
      s1[i] = ADD(MUL(s1[i], momentum), grad[i]);
      s0[i] = SUB(s0[i], MUL(s1[i], lr));
    }
  }
}

RULE(keras_momentum) {
  STATE(0); STATE(1); GRADIENT; SCALARS; UNUSED;
  const T lr = p[0], momentum = p[1];
  if (flags & BNK_NESTEROV) {
    EACH {
      s1[i] = SUB(MUL(s1[i], momentum), MUL(grad[i], lr));
      s0[i] = ADD(s0[i], SUB(MUL(s1[i], momentum), MUL(grad[i], lr)));
    }
  } else {
    EACH {
      s1[i] = SUB(MUL(s1[i], momentum), MUL(grad[i], lr));
      s0[i] = ADD(s0[i], s1[i]);
    }
  }
}

RULE(adagrad) {
  STATE(0); STATE(1); GRADIENT; SCALARS; UNUSED;
  const T lr = p[0];
  const int keep = flags & BNK_KEEP_SLOTS;
  EACH {
    if (!keep) s1[i] = ADD(s1[i], SQUARE(grad[i]));
    s0[i] = SUB(s0[i], MUL(MUL(grad[i], lr), DIV(ONE, SQRT(s1[i]))));
  }
}

RULE(adagrad_v2) {
  STATE(0); STATE(1); GRADIENT; SCALARS; UNUSED;
  const T lr = p[0], epsilon = p[1];
  const int keep = flags & BNK_KEEP_SLOTS;
  EACH {
    if (!keep) s1[i] = ADD(s1[i], SQUARE(grad[i]));
    s0[i] = SUB(s0[i], DIV(MUL(grad[i], lr), ADD(SQRT(s1[i]), epsilon)));
  }
}

RULE(adadelta) {
  STATE(0); STATE(1); STATE(2); GRADIENT; SCALARS; UNUSED;
  const T lr = p[0], rho = p[1], epsilon = p[2], rest = SUB(ONE, rho);
  EACH {
    s1[i] = ADD(MUL(s1[i], rho), MUL(SQUARE(grad[i]), rest));
    const T scale = MUL(SQRT(ADD(s2[i], epsilon)), DIV(ONE, SQRT(ADD(s1[i], epsilon))));
    const T update = MUL(scale, grad[i]);
    s0[i] = SUB(s0[i], MUL(update, lr));
    s2[i] = ADD(MUL(s2[i], rho), MUL(SQUARE(update), rest));
  }
}

RULE(adam) {
  STATE(0); STATE(1); STATE(2); GRADIENT; SCALARS; UNUSED;
  const T lr = p[2], beta1 = p[3], beta2 = p[4], epsilon = p[5];
  const T rest1 = SUB(ONE, beta1), rest2 = SUB(ONE, beta2);
  const T alpha = DIV(MUL(lr, SQRT(SUB(ONE, p[1]))), SUB(ONE, p[0]));
  const int nesterov = flags & BNK_NESTEROV;
  EACH {
    s1[i] = ADD(s1[i], MUL(SUB(grad[i], s1[i]), rest1));
    s2[i] = ADD(s2[i], MUL(SUB(SQUARE(grad[i]), s2[i]), rest2));
    const T m = nesterov ? ADD(MUL(grad[i], rest1), MUL(beta1, s1[i])) : s1[i];
    s0[i] = SUB(s0[i], DIV(MUL(m, alpha), ADD(SQRT(s2[i]), epsilon)));
  }
}

RULE(rms_prop) {
  STATE(0); STATE(1); STATE(2); GRADIENT; SCALARS; UNUSED;
  const T lr = p[0], momentum = p[2], epsilon = p[3], rest = SUB(ONE, p[1]);
  EACH {
    s1[i] = ADD(s1[i], MUL(SUB(SQUARE(grad[i]), s1[i]), rest));
    s2[i] = ADD(MUL(s2[i], momentum), DIV(MUL(grad[i], lr), SQRT(ADD(s1[i], epsilon))));
    s0[i] = SUB(s0[i], s2[i]);
  }
}

RULE(centered_rms_prop) {
  STATE(0); STATE(1); STATE(2); STATE(3); GRADIENT; SCALARS; UNUSED;
  const T lr = p[0], momentum = p[2], epsilon = p[3], rest = SUB(ONE, p[1]);
  EACH {
    s2[i] = ADD(s2[i], MUL(SUB(SQUARE(grad[i]), s2[i]), rest));
    s1[i] = ADD(s1[i], MUL(SUB(grad[i], s1[i]), rest));
    const T variance = ADD(SUB(s2[i], SQUARE(s1[i])), epsilon);
    s3[i] = ADD(MUL(s3[i], momentum), DIV(MUL(grad[i], lr), SQRT(variance)));
    s0[i] = SUB(s0[i], s3[i]);
  }
}

#ifdef REAL

#define ZERO CONSTANT(0)
#define TWO CONSTANT(2)

/// What the proximal rules make of a value: shrunk towards 0 by l1, then scaled by l2.
static inline T NAME(shrink)(T value, T lr, T l1, T l2) {
  const T scale = ADD(ONE, MUL(l2, lr));
  if (!LESS(ZERO, l1)) return DIV(value, scale);
  return DIV(MUL(SIGN(value), MAX(SUB(ABS(value), MUL(lr, l1)), ZERO)), scale);
}

RULE(proximal_gradient_descent) {
  STATE(0); GRADIENT; SCALARS; UNUSED;
  EACH s0[i] = NAME(shrink)(SUB(s0[i], MUL(grad[i], p[0])), p[0], p[1], p[2]);
}

RULE(proximal_adagrad) {
  STATE(0); STATE(1); GRADIENT; SCALARS; UNUSED;
  EACH {
    s1[i] = ADD(s1[i], SQUARE(grad[i]));
    const T lr = MUL(p[0], DIV(ONE, SQRT(s1[i])));
    s0[i] = NAME(shrink)(SUB(s0[i], MUL(grad[i], lr)), lr, p[1], p[2]);
  }
}

RULE(adagrad_da) {
  STATE(0); STATE(1); STATE(2); GRADIENT; SCALARS; UNUSED;
  const T lr = p[0], l1 = p[1], l2 = p[2], steps = FROM_DOUBLE(step);
  EACH {
    s1[i] = ADD(s1[i], grad[i]);
    s2[i] = ADD(s2[i], SQUARE(grad[i]));
    const T size = ADD(MUL(MUL(l2, steps), lr), SQRT(s2[i]));
    const T sum = LESS(ZERO, l1)
      ? MUL(SIGN(s1[i]), MAX(SUB(ABS(s1[i]), MUL(l1, steps)), ZERO)) : s1[i];
    s0[i] = DIV(MUL(SUB(ZERO, lr), sum), size);
  }
}

RULE(adam_amsgrad) {
  STATE(0); STATE(1); STATE(2); STATE(3); GRADIENT; SCALARS; UNUSED;
  const T lr = p[2], epsilon = p[5], rest1 = SUB(ONE, p[3]), rest2 = SUB(ONE, p[4]);
  const T alpha = DIV(MUL(lr, SQRT(SUB(ONE, p[1]))), SUB(ONE, p[0]));
  EACH {
    s1[i] = ADD(s1[i], MUL(SUB(grad[i], s1[i]), rest1));
    s2[i] = ADD(s2[i], MUL(SUB(SQUARE(grad[i]), s2[i]), rest2));
    s3[i] = MAX(s3[i], s2[i]);
    s0[i] = SUB(s0[i], DIV(MUL(s1[i], alpha), ADD(SQRT(s3[i]), epsilon)));
  }
}

RULE(adamax) {
  STATE(0); STATE(1); STATE(2); GRADIENT; SCALARS; UNUSED;
  const T beta2 = p[3], epsilon = p[4], rest1 = SUB(ONE, p[2]);
  const T lr = DIV(p[1], SUB(ONE, p[0]));
  EACH {
    s1[i] = ADD(s1[i], MUL(SUB(grad[i], s1[i]), rest1));
    s2[i] = MAX(MUL(beta2, s2[i]), ABS(grad[i]));
    s0[i] = SUB(s0[i], MUL(lr, DIV(s1[i], ADD(s2[i], epsilon))));
  }
}

static inline void NAME(ftrl_update)(size_t count, void *const *state, const void *gradient, T lr,
                                     T l1, T l2, T shrinkage, T power, int multiply) {
  STATE(0); STATE(1); STATE(2); GRADIENT;
  const int root = EQUAL(power, CONSTANT(-0.5));
  const T negative = SUB(ZERO, power);
  const T bound = multiply ? MUL(l1, lr) : l1;
  EACH {
    const T shrunk = ADD(grad[i], MUL(MUL(TWO, shrinkage), s0[i]));
    T sum = ADD(s1[i], SQUARE(grad[i]));
    T after = root ? SQRT(sum) : POW(sum, negative);
    const T before = root ? SQRT(s1[i]) : POW(s1[i], negative);
    const T sigma = SUB(after, before);
    s2[i] = multiply ? ADD(s2[i], SUB(MUL(shrunk, lr), MUL(sigma, s0[i])))
                     : ADD(s2[i], SUB(shrunk, MUL(DIV(sigma, lr), s0[i])));
    if (s1 == s2) {
      sum = ADD(s1[i], SQUARE(grad[i]));
      after = root ? SQRT(sum) : POW(sum, negative);
    }
    const T clipped = MAX(MIN(s2[i], bound), SUB(ZERO, bound));
    const T quadratic = multiply ? ADD(after, MUL(MUL(TWO, l2), lr))
                                 : ADD(DIV(after, lr), MUL(TWO, l2));
    s0[i] = DIV(SUB(clipped, s2[i]), quadratic);
    s1[i] = ADD(s1[i], SQUARE(grad[i]));
  }
}

RULE(ftrl) {
  SCALARS; UNUSED;
  NAME(ftrl_update)(count, state, gradient, p[0], p[1], p[2], ZERO, p[3],
                    flags & BNK_MULTIPLY_LINEAR_BY_LR);
}

RULE(ftrl_v2) {
  SCALARS; UNUSED;
  NAME(ftrl_update)(count, state, gradient, p[0], p[1], p[2], p[3], p[4],
                    flags & BNK_MULTIPLY_LINEAR_BY_LR);
}

RULE(add_sign) {
  STATE(0); STATE(1); GRADIENT; SCALARS; UNUSED;
  const T lr = p[0], alpha = p[1], decay = p[2], beta = p[3], rest = SUB(ONE, beta);
  EACH {
    s1[i] = ADD(MUL(s1[i], beta), MUL(grad[i], rest));
    const T agree = MUL(SIGN(grad[i]), SIGN(s1[i]));
    s0[i] = SUB(s0[i], MUL(MUL(lr, ADD(alpha, MUL(decay, agree))), grad[i]));
  }
}

RULE(power_sign) {
  STATE(0); STATE(1); GRADIENT; SCALARS; UNUSED;
  const T lr = p[0], base = p[1], decay = p[2], beta = p[3], rest = SUB(ONE, beta);
  EACH {
    s1[i] = ADD(MUL(s1[i], beta), MUL(grad[i], rest));
    const T agree = MUL(SIGN(grad[i]), SIGN(s1[i]));
    s0[i] = SUB(s0[i], MUL(MUL(lr, EXP(MUL(MUL(base, decay), agree))), grad[i]));
  }
}

#undef ZERO
#undef TWO
#endif

bnk_optimizer_function *NAME(optimizer)(enum bnk_optimizer_rule rule) {
  switch (rule) {
    case BNK_GRADIENT_DESCENT: return NAME(gradient_descent);
    case BNK_MOMENTUM: return NAME(momentum);
    case BNK_KERAS_MOMENTUM: return NAME(keras_momentum);
    case BNK_ADAGRAD: return NAME(adagrad);
    case BNK_ADAGRAD_V2: return NAME(adagrad_v2);
    case BNK_ADADELTA: return NAME(adadelta);
    case BNK_ADAM: return NAME(adam);
    case BNK_RMS_PROP: return NAME(rms_prop);
    case BNK_CENTERED_RMS_PROP: return NAME(centered_rms_prop);
#ifdef REAL
    case BNK_PROXIMAL_GRADIENT_DESCENT: return NAME(proximal_gradient_descent);
    case BNK_ADAGRAD_DA: return NAME(adagrad_da);
    case BNK_PROXIMAL_ADAGRAD: return NAME(proximal_adagrad);
    case BNK_ADAM_AMSGRAD: return NAME(adam_amsgrad);
    case BNK_ADAMAX: return NAME(adamax);
    case BNK_FTRL: return NAME(ftrl);
    case BNK_FTRL_V2: return NAME(ftrl_v2);
    case BNK_ADD_SIGN: return NAME(add_sign);
    case BNK_POWER_SIGN: return NAME(power_sign);
#endif
    default: return NULL;
  }
}
