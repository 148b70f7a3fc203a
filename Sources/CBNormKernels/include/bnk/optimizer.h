#ifndef BNK_OPTIMIZER_H
#define BNK_OPTIMIZER_H

#include <stddef.h>

/// TensorFlow's update rules. The state begins with the variable; then come the slots in the order
/// of the op's inputs, as do the scalars.
enum bnk_optimizer_rule {
  BNK_GRADIENT_DESCENT = 0,
  BNK_PROXIMAL_GRADIENT_DESCENT,
  BNK_MOMENTUM,
  BNK_KERAS_MOMENTUM,
  BNK_ADAGRAD,
  BNK_ADAGRAD_V2,
  BNK_ADAGRAD_DA,
  BNK_PROXIMAL_ADAGRAD,
  BNK_ADADELTA,
  BNK_ADAM,
  BNK_ADAM_AMSGRAD,
  BNK_ADAMAX,
  BNK_RMS_PROP,
  BNK_CENTERED_RMS_PROP,
  BNK_FTRL,
  BNK_FTRL_V2,
  BNK_ADD_SIGN,
  BNK_POWER_SIGN,
};

enum bnk_optimizer_flag {
  BNK_NESTEROV = 1,
  /// Adagrad's accumulators are left as they are.
  BNK_KEEP_SLOTS = 2,
  BNK_MULTIPLY_LINEAR_BY_LR = 4,
};

/// Updates `count` elements of each state in place. `scalars` are of the states' dtype; `step` is
/// the global step of Adagrad with dual averaging.
typedef void bnk_optimizer_function(size_t count, void *const *state, const void *gradient,
                                    const void *scalars, double step, int flags);

/// The function of a rule for a dtype, or NULL when TensorFlow has none.
bnk_optimizer_function *bnk_optimizer(enum bnk_optimizer_rule rule, int dtype);

#endif
