#include "bnk/optimizer.h"

#include <math.h>

#define T float
#define NAME(rule) bnk_f32_##rule
#define CONSTANT(x) ((float)(x))
#define ADD(a, b) ((a) + (b))
#define SUB(a, b) ((a) - (b))
#define MUL(a, b) ((a) * (b))
#define DIV(a, b) ((a) / (b))
#define SQRT(a) sqrtf(a)
#define REAL
#define LESS(a, b) ((a) < (b))
#define EQUAL(a, b) ((a) == (b))
#define MAX(a, b) ((a) < (b) ? (b) : (a))
#define MIN(a, b) ((b) < (a) ? (b) : (a))
#define ABS(a) fabsf(a)
#define SIGN(a) ((float)(((a) > 0) - ((a) < 0)))
#define EXP(a) expf(a)
#define POW(a, b) powf(a, b)
#define FROM_DOUBLE(x) ((float)(x))

#include "rules.h"
