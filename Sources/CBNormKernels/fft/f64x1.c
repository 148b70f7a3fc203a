#define T double
#define LANES 1
#define NAME(x) x##_f64x1

#include "template.h"

void bnk_fft_kernel_f64(const struct bnk_fft_plan *plan, T *kernel, T *scratch) {
  complex_f64x1 *a = (complex_f64x1 *)kernel;
  const complex_f64x1 *found =
      passes_f64x1(&plan->inner, plan->tables, a, (complex_f64x1 *)scratch);
  if (found != a) memcpy(a, found, plan->inner.length * sizeof *a);
}
