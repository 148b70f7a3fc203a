// Binds the functions of FUNCTIONS(X) from the shared library LIBRARY when they are first needed, so
// that nobody without images needs the library. Calls it PACKAGE in messages.
#include <pthread.h>

#include "support.h"

static struct {
#define MEMBER(name) __typeof__(name) *name;
  FUNCTIONS(MEMBER)
#undef MEMBER
} lib;
static int loaded;

static void load(void) {
  void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return;
  int all = 1;
#define RESOLVE(name) all &= (lib.name = (__typeof__(name) *)dlsym(handle, #name)) != NULL;
  FUNCTIONS(RESOLVE)
#undef RESOLVE
  loaded = all;
}

static int available(struct bnorm_codec_error *error) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  if (!loaded) bnorm_codec_fail(error, LIBRARY " (" PACKAGE ") is not installed");
  return loaded;
}
