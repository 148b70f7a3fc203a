#define BNK_TIER 0
#include "../math/tier.h"

#include "cast_tables.h"

#include "../math/tier_begin.h"
#include "../math/scalar.h"

#include "cast_template.h"
#include "../math/tier_end.h"
