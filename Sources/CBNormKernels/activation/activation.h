#ifndef BNK_ACTIVATION_H
#define BNK_ACTIVATION_H

#include "bnk/epilogue.h"

typedef void (*bnk_activate_fn)(enum bnk_activation activation, float alpha, float beta,
                                size_t rows, size_t n, float *x, size_t stride);

extern const bnk_activate_fn bnk_activate__portable, bnk_activate__avx2, bnk_activate__avx512;

#endif
