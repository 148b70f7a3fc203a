#if defined(__x86_64__)
#include "../activation/finish.h"
#include "igemm.h"

#define BNK_TIER 2
#include "../simd/begin.h"

#include "igemm_template.h"

#include "../simd/end.h"
#endif
