#if defined(__x86_64__)
#define BNK_TIER 1
#include "../math/tier.h"

#include "softmax_tables.h"

#include "../math/tier_begin.h"
#include "../math/scalar.h"
#include "../math/f32.h"

#include "softmax_template.h"
#include "../math/tier_end.h"
#endif
