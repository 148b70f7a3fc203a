#include "bnorm.h"
#include "bnorm_error.h"

#include <string.h>

static _Thread_local char message[2048];

const char *bnorm_last_error(void) { return message; }

void bnorm_set_last_error(const char *text) {
  strncpy(message, text, sizeof message - 1);
  message[sizeof message - 1] = 0;
}
