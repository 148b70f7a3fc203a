#include "bnk/optimizer.h"

#include "bnk/dtype.h"

bnk_optimizer_function *bnk_f32_optimizer(enum bnk_optimizer_rule rule);
bnk_optimizer_function *bnk_f64_optimizer(enum bnk_optimizer_rule rule);
bnk_optimizer_function *bnk_f16_optimizer(enum bnk_optimizer_rule rule);
bnk_optimizer_function *bnk_bf16_optimizer(enum bnk_optimizer_rule rule);
bnk_optimizer_function *bnk_c64_optimizer(enum bnk_optimizer_rule rule);
bnk_optimizer_function *bnk_c128_optimizer(enum bnk_optimizer_rule rule);

bnk_optimizer_function *bnk_optimizer(enum bnk_optimizer_rule rule, int dtype) {
  switch (dtype) {
    case BNK_FLOAT: return bnk_f32_optimizer(rule);
    case BNK_DOUBLE: return bnk_f64_optimizer(rule);
    case BNK_HALF: return bnk_f16_optimizer(rule);
    case BNK_BFLOAT16: return bnk_bf16_optimizer(rule);
    case BNK_COMPLEX64: return bnk_c64_optimizer(rule);
    case BNK_COMPLEX128: return bnk_c128_optimizer(rule);
    default: return NULL;
  }
}
