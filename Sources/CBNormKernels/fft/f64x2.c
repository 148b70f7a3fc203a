#define T double
#define LANES 2
#define NAME(x) x##_f64x2

#include "template.h"
