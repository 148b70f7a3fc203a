#include "bnk/optimizer.h"

#include <complex.h>

#define T double _Complex
#define NAME(rule) bnk_c128_##rule
#define CONSTANT(x) ((double _Complex)(x))
#define ADD(a, b) ((a) + (b))
#define SUB(a, b) ((a) - (b))
#define MUL(a, b) ((a) * (b))
#define DIV(a, b) ((a) / (b))
#define SQRT(a) csqrt(a)

#include "rules.h"
