#ifndef BLA_DISPATCH_H
#define BLA_DISPATCH_H

#include <complex.h>

#include "bnorm_linalg.h"

/// Works on matrix `i` of the batch; a `bla_status`.
typedef int (*bla_function)(const struct bla_call *call, size_t i);

extern const bla_function bla_s_table[BLA_OP_COUNT];
extern const bla_function bla_d_table[BLA_OP_COUNT];
extern const bla_function bla_c_table[BLA_OP_COUNT];
extern const bla_function bla_z_table[BLA_OP_COUNT];

/// x = square root of a [n,n], which is lost.
int bla_sqrt_complex(int n, double _Complex *a, double _Complex *x);

#endif
