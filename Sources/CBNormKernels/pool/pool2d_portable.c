#include "pool2d.h"

#define BNK_TIER 0
#include "../simd/begin.h"

#include "pool2d_template.h"

#include "../simd/end.h"
