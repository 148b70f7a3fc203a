// Closes what simd/begin.h opened.
#include "../math/tier_end.h"
