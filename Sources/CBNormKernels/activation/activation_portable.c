#define BNK_TIER 0
#include "../math/tier.h"

#include "activation.h"

#include "../math/tier_begin.h"
#include "../math/scalar.h"
#include "../math/f32.h"

#include "activation_template.h"

#include "../math/tier_end.h"
