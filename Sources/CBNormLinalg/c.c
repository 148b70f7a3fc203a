#define P c
#define T float _Complex
#define R float
#define IS_COMPLEX 1
#define IS_DOUBLE 0

#include "common.h"
#include "lapack.h"

#include "factor.h"
#include "banded.h"
#include "decompose.h"
#include "functions.h"
#include "table.h"
