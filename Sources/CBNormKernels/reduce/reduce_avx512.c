#if defined(__x86_64__)
#define BNK_TIER 2
#include "../math/tier.h"

#include "reduce_loops.h"

#include "../math/tier_begin.h"
#include "reduce_template.h"
#include "../math/tier_end.h"
#endif
