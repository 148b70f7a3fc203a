// Means of windows and their gradient.
#include "bnk/threads.h"
#include "window.h"

#define SUFFIX f32
#define T float
#include "avg_pool_template.h"
#undef SUFFIX
#undef T

#define SUFFIX f64
#define T double
#include "avg_pool_template.h"
