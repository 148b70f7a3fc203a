#include "opdefs_find.h"

#include <stddef.h>
#include <string.h>

#include "opdefs.h"

const char *bnorm_opdef_find(const char *name) {
  size_t low = 0, high = bnorm_opdef_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(bnorm_opdefs[middle].name, name);
    if (order == 0) return bnorm_opdefs[middle].signature;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}
