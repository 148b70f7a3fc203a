#define P d
#define T double
#define R double
#define IS_COMPLEX 0
#define IS_DOUBLE 1

#include "common.h"
#include "lapack.h"

#include "factor.h"
#include "banded.h"
#include "decompose.h"
#include "functions.h"
#include "table.h"
