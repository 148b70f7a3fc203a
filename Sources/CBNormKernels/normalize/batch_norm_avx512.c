#if defined(__x86_64__)
#include "batch_norm.h"

#define BNK_TIER 2
#include "../simd/begin.h"

#include "../math/scalar.h"
#include "../simd/convert.h"

#include "batch_norm_template.h"

#include "../simd/end.h"
#endif
