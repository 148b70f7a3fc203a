#if defined(__x86_64__)
#include <string.h>

#include "plan.h"

#define T double
#define LANES 4
#define NAME(x) x##_f64x4

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "template.h"
#pragma clang attribute pop
#endif
