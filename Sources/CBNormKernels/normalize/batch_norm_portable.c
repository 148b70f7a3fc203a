#include "batch_norm.h"

#define BNK_TIER 0
#include "../simd/begin.h"

#include "../math/scalar.h"
#include "../simd/convert.h"

#include "batch_norm_template.h"

#include "../simd/end.h"
