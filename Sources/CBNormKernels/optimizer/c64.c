#include "bnk/optimizer.h"

#include <complex.h>

#define T float _Complex
#define NAME(rule) bnk_c64_##rule
#define CONSTANT(x) ((float _Complex)(x))
#define ADD(a, b) ((a) + (b))
#define SUB(a, b) ((a) - (b))
#define MUL(a, b) ((a) * (b))
#define DIV(a, b) ((a) / (b))
#define SQRT(a) csqrtf(a)

#include "rules.h"
