// Depthwise convolution and its gradients.
#include "bnk/threads.h"
#include "window.h"

#define SUFFIX f32
#define T float
#include "depthwise_template.h"
#undef SUFFIX
#undef T

#define SUFFIX f64
#define T double
#include "depthwise_template.h"
