#include "check.h"
void check_pool(void) {}
