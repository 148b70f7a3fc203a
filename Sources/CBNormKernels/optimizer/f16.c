#include "bnk/optimizer.h"

#include <math.h>

typedef _Float16 half;

#define T half
#define NAME(rule) bnk_f16_##rule
#define CONSTANT(x) ((half)(x))
#define ADD(a, b) ((half)((float)(a) + (float)(b)))
#define SUB(a, b) ((half)((float)(a) - (float)(b)))
#define MUL(a, b) ((half)((float)(a) * (float)(b)))
#define DIV(a, b) ((half)((float)(a) / (float)(b)))
#define SQRT(a) ((half)sqrtf((float)(a)))
#define REAL
#define LESS(a, b) ((float)(a) < (float)(b))
#define EQUAL(a, b) ((float)(a) == (float)(b))
#define MAX(a, b) (LESS(a, b) ? (b) : (a))
#define MIN(a, b) (LESS(b, a) ? (b) : (a))
#define ABS(a) ((half)fabsf((float)(a)))
#define SIGN(a) ((half)(((float)(a) > 0) - ((float)(a) < 0)))
#define EXP(a) ((half)expf((float)(a)))
#define POW(a, b) ((half)powf((float)(a), (float)(b)))
#define FROM_DOUBLE(x) ((half)(x))

#include "rules.h"
