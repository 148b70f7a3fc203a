#if defined(__x86_64__)
#define BNK_TIER 2
#include "../math/tier.h"

#include "binary_tables.h"

#include "../math/tier_begin.h"
#include "binary_integer_template.h"
#include "../math/tier_end.h"
#endif
