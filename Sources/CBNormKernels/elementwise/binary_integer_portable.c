#define BNK_TIER 0
#include "../math/tier.h"

#include "binary_tables.h"

#include "../math/tier_begin.h"
#include "binary_integer_template.h"
#include "../math/tier_end.h"
