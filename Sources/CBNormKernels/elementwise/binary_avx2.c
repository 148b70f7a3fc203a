#if defined(__x86_64__)
#define BNK_TIER 1
#include "../math/tier.h"

#include "binary_tables.h"

#include "../math/tier_begin.h"
#include "../math/scalar.h"
#include "../math/f32.h"
#include "../math/f64.h"
#include "../math/f32_via_f64.h"

#include "binary_template.h"
#include "../math/tier_end.h"
#endif
