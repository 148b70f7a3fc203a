/// For the library itself: sets what `bnorm_last_error` gives on this thread.
#ifndef BNORM_ERROR_H
#define BNORM_ERROR_H

void bnorm_set_last_error(const char *message);

#endif
