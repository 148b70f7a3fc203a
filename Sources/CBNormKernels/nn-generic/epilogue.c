// Bias, residual and activation of a block of results.
#include <math.h>

#include "bnk/nn_generic.h"

#define SUFFIX f32
#define T float
#define FN(NAME) NAME##f
#include "epilogue_template.h"
#undef SUFFIX
#undef T
#undef FN

#define SUFFIX f64
#define T double
#define FN(NAME) NAME
#include "epilogue_template.h"
