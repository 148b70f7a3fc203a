#define P s
#define T float
#define R float
#define IS_COMPLEX 0
#define IS_DOUBLE 0

#include "common.h"
#include "lapack.h"

#include "factor.h"
#include "banded.h"
#include "decompose.h"
#include "functions.h"
#include "table.h"
