#include "check.h"
void check_depthwise(void) {}
