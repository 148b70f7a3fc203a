#ifndef BNK_BINARY_TABLES_H
#define BNK_BINARY_TABLES_H

#include "bnk/binary.h"
#include "unary_tables.h"

typedef const bnk_binary_fn bnk_binary_table[BNK_BINARY_COUNT][BNK_TABLE_DTYPES];

extern bnk_binary_table bnk_binary_table__portable;
extern bnk_binary_table bnk_binary_table__avx2;
extern bnk_binary_table bnk_binary_table__avx512;

extern bnk_binary_table bnk_binary_integer_table__portable;
extern bnk_binary_table bnk_binary_integer_table__avx2;
extern bnk_binary_table bnk_binary_integer_table__avx512;

/// What does not profit from a tier.
extern bnk_binary_table bnk_binary_table__division;
extern bnk_binary_table bnk_binary_table__scalar;
extern bnk_binary_table bnk_binary_table__complex;

/// The three ways to step through the operands of `y[i] = f(a, b)`; BODY stores to y[i] from `u`
/// and `v`.
#define BINARY_LOOPS(name, TA, TC, TY, load, LOOP, BODY)                                        \
  static void name(const void *av, size_t a_step, const void *bv, size_t b_step, void *yv,      \
                   size_t n, int *error) {                                                      \
    (void)error;                                                                                \
    const TA *a = av, *b = bv;                                                                  \
    TY *y = yv;                                                                                 \
    if (n == 0) return;                                                                         \
    if (a_step && b_step) {                                                                     \
      LOOP for (size_t i = 0; i < n; i++) {                                                     \
        const TC u = load(a[i]), v = load(b[i]);                                                \
        BODY;                                                                                   \
      }                                                                                         \
    } else if (a_step) {                                                                        \
      const TC v = load(b[0]);                                                                  \
      LOOP for (size_t i = 0; i < n; i++) {                                                     \
        const TC u = load(a[i]);                                                                \
        BODY;                                                                                   \
      }                                                                                         \
    } else if (b_step) {                                                                        \
      const TC u = load(a[0]);                                                                  \
      LOOP for (size_t i = 0; i < n; i++) {                                                     \
        const TC v = load(b[i]);                                                                \
        BODY;                                                                                   \
      }                                                                                         \
    } else {                                                                                    \
      const TC u = load(a[0]), v = load(b[0]);                                                  \
      for (size_t i = 0; i < n; i++) {                                                          \
        BODY;                                                                                   \
      }                                                                                         \
    }                                                                                           \
  }

#endif
