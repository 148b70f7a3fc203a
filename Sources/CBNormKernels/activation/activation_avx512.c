#if defined(__x86_64__)
#define BNK_TIER 2
#include "../math/tier.h"

#include <immintrin.h>

#include "activation.h"

#include "../math/tier_begin.h"
#include "../math/scalar.h"
#include "../math/f32.h"

#include "logistic_avx512.h"
#include "activation_template.h"

#include "../math/tier_end.h"
#endif
