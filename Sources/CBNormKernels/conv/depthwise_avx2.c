#if defined(__x86_64__)
#include "../activation/finish.h"
#include "depthwise.h"

#define BNK_TIER 1
#include "../simd/begin.h"

#include "depthwise_template.h"

#include "../simd/end.h"
#endif
