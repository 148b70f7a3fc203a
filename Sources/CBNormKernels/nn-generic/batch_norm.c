// Moments of channels, and what batch normalization does with them.
#include "bnk/nn_generic.h"
#include "bnk/threads.h"
#include "window.h"

/// Channels that a task sums at a time.
enum { block = 16 };

#define SUFFIX f32
#define T float
#include "batch_norm_template.h"
#undef SUFFIX
#undef T

#define SUFFIX f64
#define T double
#include "batch_norm_template.h"
