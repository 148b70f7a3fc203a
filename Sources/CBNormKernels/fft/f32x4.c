#define T float
#define LANES 4
#define NAME(x) x##_f32x4

#include "template.h"
