#if defined(__x86_64__)
#include "pool2d.h"

#define BNK_TIER 2
#include "../simd/begin.h"

#include "pool2d_template.h"

#include "../simd/end.h"
#endif
