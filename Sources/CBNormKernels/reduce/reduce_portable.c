#define BNK_TIER 0
#include "../math/tier.h"

#include "reduce_loops.h"

#include "../math/tier_begin.h"
#include "reduce_template.h"
#include "../math/tier_end.h"
