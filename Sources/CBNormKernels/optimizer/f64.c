#include "bnk/optimizer.h"

#include <math.h>

#define T double
#define NAME(rule) bnk_f64_##rule
#define CONSTANT(x) ((double)(x))
#define ADD(a, b) ((a) + (b))
#define SUB(a, b) ((a) - (b))
#define MUL(a, b) ((a) * (b))
#define DIV(a, b) ((a) / (b))
#define SQRT(a) sqrt(a)
#define REAL
#define LESS(a, b) ((a) < (b))
#define EQUAL(a, b) ((a) == (b))
#define MAX(a, b) ((a) < (b) ? (b) : (a))
#define MIN(a, b) ((b) < (a) ? (b) : (a))
#define ABS(a) fabs(a)
#define SIGN(a) ((double)(((a) > 0) - ((a) < 0)))
#define EXP(a) exp(a)
#define POW(a, b) pow(a, b)
#define FROM_DOUBLE(x) ((double)(x))

#include "rules.h"
