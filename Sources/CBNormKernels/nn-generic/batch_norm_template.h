// Included by batch_norm.c for each type: T, SUFFIX.
#define JOIN_(A, B) A##B
#define JOIN(A, B) JOIN_(A, B)
#define NAME(BASE) JOIN(BASE, SUFFIX)

struct NAME(norm_) {
  const T *x, *dy, *mean, *a, *b, *d;
  T *first, *second;
  size_t rows, channels;
};

static void NAME(moments_)(void *context, size_t task) {
  const struct NAME(norm_) *p = context;
  const size_t begin = task * block, c = p->channels;
  const size_t n = c - begin < block ? c - begin : block;
  double sums[block] = {0}, squares[block] = {0}, means[block];
  for (size_t r = 0; r < p->rows; r++) {
    const T *x = p->x + r * c + begin;
    for (size_t k = 0; k < n; k++) sums[k] += x[k];
  }
  for (size_t k = 0; k < n; k++) means[k] = sums[k] / (double)p->rows;
  for (size_t r = 0; r < p->rows; r++) {
    const T *x = p->x + r * c + begin;
    for (size_t k = 0; k < n; k++) {
      const double difference = x[k] - means[k];
      squares[k] += difference * difference;
    }
  }
  for (size_t k = 0; k < n; k++) {
    p->first[begin + k] = (T)means[k];
    p->second[begin + k] = (T)(squares[k] / (double)p->rows);
  }
}

void NAME(bnk_nn_moments_)(const T *x, size_t rows, size_t channels, T *mean,
                        T *variance) {
  struct NAME(norm_) p = {.x = x, .first = mean, .second = variance, .rows = rows, .channels = channels};
  bnk_parallel_tasks((channels + block - 1) / block, NAME(moments_), &p);
}

static void NAME(normalize_)(void *context, size_t begin, size_t end) {
  const struct NAME(norm_) *p = context;
  const size_t c = p->channels;
  for (size_t r = begin; r < end; r++) {
    const T *x = p->x + r * c;
    T *y = p->first + r * c;
    for (size_t k = 0; k < c; k++) y[k] = (x[k] - p->mean[k]) * p->a[k] + p->b[k];
  }
}

void NAME(bnk_nn_normalize_)(const T *x, size_t rows, size_t channels, const T *mean,
                             const T *scale, const T *offset, T *y) {
  struct NAME(norm_) p = {.x = x, .mean = mean, .a = scale, .b = offset, .first = y,
                          .rows = rows, .channels = channels};
  bnk_parallel_for(rows, bnk_nn_grain(channels), NAME(normalize_), &p);
}

static void NAME(norm_sums_)(void *context, size_t task) {
  const struct NAME(norm_) *p = context;
  const size_t begin = task * block, c = p->channels;
  const size_t n = c - begin < block ? c - begin : block;
  double sums[block] = {0}, products[block] = {0};
  for (size_t r = 0; r < p->rows; r++) {
    const T *x = p->x + r * c + begin, *dy = p->dy + r * c + begin;
    for (size_t k = 0; k < n; k++) {
      sums[k] += dy[k];
      products[k] += (double)dy[k] * (x[k] - p->mean[begin + k]);
    }
  }
  for (size_t k = 0; k < n; k++) {
    p->first[begin + k] = (T)sums[k];
    p->second[begin + k] = (T)products[k];
  }
}

void NAME(bnk_nn_norm_sums_)(const T *dy, const T *x, const T *mean, size_t rows,
                          size_t channels, T *sum_dy, T *sum_dy_x) {
  struct NAME(norm_) p = {.x = x, .dy = dy, .mean = mean, .first = sum_dy, .second = sum_dy_x,
                   .rows = rows, .channels = channels};
  bnk_parallel_tasks((channels + block - 1) / block, NAME(norm_sums_), &p);
}

static void NAME(norm_grad_)(void *context, size_t begin, size_t end) {
  const struct NAME(norm_) *p = context;
  const size_t c = p->channels;
  for (size_t r = begin; r < end; r++) {
    const T *x = p->x + r * c, *dy = p->dy + r * c;
    T *dx = p->first + r * c;
    for (size_t k = 0; k < c; k++) {
      dx[k] = p->a[k] * dy[k] + p->b[k] * (x[k] - p->mean[k]) + p->d[k];
    }
  }
}

void NAME(bnk_nn_norm_grad_)(const T *dy, const T *x, const T *mean, const T *a,
                          const T *b, const T *d, size_t rows, size_t channels, T *dx) {
  struct NAME(norm_) p = {.x = x, .dy = dy, .mean = mean, .a = a, .b = b, .d = d, .first = dx,
                   .rows = rows, .channels = channels};
  bnk_parallel_for(rows, bnk_nn_grain(channels), NAME(norm_grad_), &p);
}

#undef NAME
#undef JOIN
#undef JOIN_
