#include "../activation/finish.h"
#include "winograd.h"

#define BNK_TIER 0
#include "../simd/begin.h"

#include "winograd_template.h"

#include "../simd/end.h"
