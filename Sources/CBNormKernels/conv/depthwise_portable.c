#include "../activation/finish.h"
#include "depthwise.h"

#define BNK_TIER 0
#include "../simd/begin.h"

#include "depthwise_template.h"

#include "../simd/end.h"
