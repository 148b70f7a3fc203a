#include "../activation/finish.h"
#include "igemm.h"

#define BNK_TIER 0
#include "../simd/begin.h"

#include "igemm_template.h"

#include "../simd/end.h"
