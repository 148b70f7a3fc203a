#define P z
#define T double _Complex
#define R double
#define IS_COMPLEX 1
#define IS_DOUBLE 1

#include "common.h"
#include "lapack.h"

#include "factor.h"
#include "banded.h"
#include "decompose.h"
#include "functions.h"
#include "table.h"
