#include "bnk/nms.h"

#include <math.h>

#include "real_types.h"

#pragma STDC FP_CONTRACT OFF

typedef struct bnk_nms_candidate candidate;

static int below_by_score(const candidate *a, const candidate *b) { return a->score < b->score; }

/// Equal scores: the lower box number first.
static int below_by_score_and_box(const candidate *a, const candidate *b) {
  return a->score == b->score ? a->box > b->box : a->score < b->score;
}

typedef int (*below)(const candidate *, const candidate *);

static void sift_up(candidate *heap, size_t hole, candidate value, below less) {
  while (hole > 0) {
    const size_t parent = (hole - 1) / 2;
    if (!less(&heap[parent], &value)) break;
    heap[hole] = heap[parent];
    hole = parent;
  }
  heap[hole] = value;
}

/// Removes the top of a heap of `count`: the hole sinks to a leaf, then the last element rises.
static candidate pop(candidate *heap, size_t count, below less) {
  const candidate top = heap[0], value = heap[count - 1];
  const size_t length = count - 1;
  size_t hole = 0;
  while (2 * hole + 2 < length) {
    size_t child = 2 * hole + 2;
    if (less(&heap[child], &heap[child - 1])) child--;
    heap[hole] = heap[child];
    hole = child;
  }
  if (2 * hole + 1 < length) {
    heap[hole] = heap[2 * hole + 1];
    hole = 2 * hole + 1;
  }
  if (length > 0) sift_up(heap, hole, value, less);
  return top;
}

static float minf(float a, float b) { return b < a ? b : a; }
static float maxf(float a, float b) { return a < b ? b : a; }

static float overlap(const float *a, const float *b) {
  const float ay0 = minf(a[0], a[2]), ax0 = minf(a[1], a[3]);
  const float ay1 = maxf(a[0], a[2]), ax1 = maxf(a[1], a[3]);
  const float by0 = minf(b[0], b[2]), bx0 = minf(b[1], b[3]);
  const float by1 = maxf(b[0], b[2]), bx1 = maxf(b[1], b[3]);
  const float area_a = (ay1 - ay0) * (ax1 - ax0), area_b = (by1 - by0) * (bx1 - bx0);
  if (area_a <= 0 || area_b <= 0) return 0;
  const float height = maxf(minf(ay1, by1) - maxf(ay0, by0), 0);
  const float width = maxf(minf(ax1, bx1) - maxf(ax0, bx0), 0);
  const float both = height * width;
  return both / (area_a + area_b - both);
}

static float rounded(float x, int is_half) { return is_half ? f32_from_half(half_from_f32(x)) : x; }

size_t bnk_nms(
    const struct bnk_nms *nms, const float *boxes, const float *overlaps, const float *scores,
    candidate *heap, int32_t *selected, float *selected_scores) {
  const int half = nms->is_half, soft = nms->soft_sigma > 0;
  const float scale = soft ? rounded(-0.5f / nms->soft_sigma, half) : 0;
  size_t count = 0, found = 0;
  for (size_t i = 0; i < nms->boxes; i++) {
    if (!(scores[i] > nms->score_threshold)) continue;
    sift_up(heap, count++, (candidate){scores[i], (int32_t)i, 0}, below_by_score_and_box);
  }
  while (found < nms->max_selected && count > 0) {
    candidate next = pop(heap, count--, below_by_score_and_box);
    const float original = next.score;
    int dropped = 0;
    for (int64_t j = (int64_t)found - 1; j >= next.compared; j--) {
      const size_t other = (size_t)selected[j];
      float similarity = boxes ? overlap(boxes + 4 * (size_t)next.box, boxes + 4 * other)
                               : overlaps[(size_t)next.box * nms->boxes + other];
      similarity = rounded(similarity, half);
      float weight = 0;
      if (soft) {
        weight = expf(rounded(rounded(scale * similarity, half) * similarity, half));
        weight = rounded(weight, half);
      } else if (similarity <= nms->overlap_threshold) {
        weight = 1;
      }
      next.score = rounded(next.score * weight, half);
      if (!soft && similarity > nms->overlap_threshold) {
        dropped = 1;
        break;
      }
      if (next.score <= nms->score_threshold) break;
    }
    next.compared = (int32_t)found;
    if (dropped) continue;
    if (next.score == original) {
      selected[found] = next.box;
      selected_scores[found++] = next.score;
    } else if (next.score > nms->score_threshold) {
      sift_up(heap, count++, next, below_by_score_and_box);
    }
  }
  return found;
}

size_t bnk_nms_class(
    const struct bnk_nms *nms, const float *boxes, size_t box_stride, const float *scores,
    size_t stride, candidate *heap, int32_t *selected, float *selected_scores) {
  size_t count = 0, found = 0;
  for (size_t i = 0; i < nms->boxes; i++) {
    const float score = scores[i * stride];
    if (!(score > nms->score_threshold)) continue;
    sift_up(heap, count++, (candidate){score, (int32_t)i, 0}, below_by_score);
  }
  while (found < nms->max_selected && count > 0) {
    const candidate next = pop(heap, count--, below_by_score);
    int keep = 1;
    for (size_t j = found; j-- > 0 && keep;) {
      keep = !(overlap(boxes + (size_t)next.box * box_stride,
                       boxes + (size_t)selected[j] * box_stride) > nms->overlap_threshold);
    }
    if (!keep) continue;
    selected[found] = next.box;
    selected_scores[found++] = next.score;
  }
  return found;
}

// The sort: quicksort by the median of three down to runs of 16, then insertion, so that results of
// equal score come out in the order that the C++ library's sort gives.

typedef struct bnk_nms_result result;

enum { RUN = 16 };

static int before(const result *a, const result *b) { return b->score < a->score; }

static void swap(result *a, result *b) {
  const result t = *a;
  *a = *b;
  *b = t;
}

static void insert_unguarded(result *last) {
  const result value = *last;
  while (before(&value, last - 1)) {
    *last = *(last - 1);
    last--;
  }
  *last = value;
}

static void insertion_sort(result *first, result *last) {
  if (first == last) return;
  for (result *i = first + 1; i != last; i++) {
    if (before(i, first)) {
      const result value = *i;
      for (result *j = i; j != first; j--) *j = *(j - 1);
      *first = value;
    } else {
      insert_unguarded(i);
    }
  }
}

static void median_to_first(result *to, result *a, result *b, result *c) {
  if (before(a, b)) {
    swap(to, before(b, c) ? b : before(a, c) ? c : a);
  } else {
    swap(to, before(a, c) ? a : before(b, c) ? c : b);
  }
}

static void sink(result *first, size_t hole, size_t length, result value) {
  const size_t top = hole;
  while (2 * hole + 2 < length) {
    size_t child = 2 * hole + 2;
    if (before(&first[child], &first[child - 1])) child--;
    first[hole] = first[child];
    hole = child;
  }
  if (2 * hole + 1 < length) {
    first[hole] = first[2 * hole + 1];
    hole = 2 * hole + 1;
  }
  while (hole > top && before(&first[(hole - 1) / 2], &value)) {
    first[hole] = first[(hole - 1) / 2];
    hole = (hole - 1) / 2;
  }
  first[hole] = value;
}

static void heap_sort(result *first, size_t count) {
  for (size_t i = count / 2; i-- > 0;) sink(first, i, count, first[i]);
  for (size_t i = count; i-- > 1;) {
    const result value = first[i];
    first[i] = first[0];
    sink(first, 0, i, value);
  }
}

static void quick_sort(result *first, result *last, int depth) {
  while (last - first > RUN) {
    if (depth-- == 0) {
      heap_sort(first, (size_t)(last - first));
      return;
    }
    median_to_first(first, first + 1, first + (last - first) / 2, last - 1);
    result *low = first + 1, *high = last;
    for (;;) {
      while (before(low, first)) low++;
      high--;
      while (before(first, high)) high--;
      if (low >= high) break;
      swap(low, high);
      low++;
    }
    quick_sort(low, last, depth);
    last = low;
  }
}

void bnk_nms_sort(result *results, size_t count) {
  if (count == 0) return;
  int depth = 0;
  for (size_t n = count; n > 1; n >>= 1) depth += 2;
  result *last = results + count;
  quick_sort(results, last, depth);
  if (count <= RUN) {
    insertion_sort(results, last);
  } else {
    insertion_sort(results, results + RUN);
    for (result *i = results + RUN; i != last; i++) insert_unguarded(i);
  }
}
