// What the kernels' checks share.
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bnk/epilogue.h"

/// Memory that ends at a page that cannot be touched, and starts behind another one. Freed by
/// `release_all`.
void *guarded(size_t bytes);

/// `count` floats in guarded memory, random in -1..<1.
float *random_floats(size_t count);

/// `count` floats in guarded memory, all a value that no kernel computes.
float *poisoned_floats(size_t count);
bool is_poison(float value);

/// Frees all that was handed out.
void release_all(void);

/// A random number in 0..<limit.
size_t below(size_t limit);
/// One of the arguments.
#define ONE_OF(...)                                            \
  (((const size_t[]){__VA_ARGS__})[below(sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t))])

/// The epilogue in double precision, of element `channel` of row `row`.
double reference_epilogue(const struct bnk_epilogue *e, double x, size_t row, size_t channel);

/// A random epilogue for `rows` x `channels`.
struct bnk_epilogue random_epilogue(size_t rows, size_t channels);

/// Compares a result and reports the first difference: |got - wanted| <= tolerance * (1 + |wanted|).
bool agrees(const char *what, size_t index, float got, double wanted, double tolerance);

/// Counts a case; `fine` says whether it passed.
void record(bool fine, const char *format, ...) __attribute__((format(printf, 2, 3)));

void check_gemm(void);
void check_conv2d(void);
void check_pool(void);
void check_batch_norm(void);
void check_threads(void);
void check_activation(void);
void check_elementwise(void);
void check_reduce(void);

#endif
