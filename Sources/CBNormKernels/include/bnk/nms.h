#ifndef BNK_NMS_H
#define BNK_NMS_H

#include <stddef.h>
#include <stdint.h>

/// A box that may be selected, on a heap by score.
struct bnk_nms_candidate {
  float score;
  int32_t box;
  int32_t compared;
};

struct bnk_nms {
  size_t boxes, max_selected;
  float overlap_threshold, score_threshold;
  /// Above 0: scores fall with the overlap instead of boxes being dropped at the threshold.
  float soft_sigma;
  /// Scores are halves: each step rounds to half precision.
  int is_half;
};

/// Greedy suppression of overlapping boxes ([y, x, y, x] each). The overlap is the intersection
/// over the union of `boxes`, or read from `overlaps` (a square matrix) when `boxes` is null. `heap`
/// has room for every box, `selected` and `selected_scores` for `max_selected`. Returns how many
/// were selected.
size_t bnk_nms(
    const struct bnk_nms *nms, const float *boxes, const float *overlaps, const float *scores,
    struct bnk_nms_candidate *heap, int32_t *selected, float *selected_scores);

/// The same for one class of CombinedNonMaxSuppression: scores `stride` apart, boxes `box_stride`
/// floats apart, and ties taken in the order of a binary heap.
size_t bnk_nms_class(
    const struct bnk_nms *nms, const float *boxes, size_t box_stride, const float *scores,
    size_t stride, struct bnk_nms_candidate *heap, int32_t *selected, float *selected_scores);

/// A selected box of any class.
struct bnk_nms_result {
  float score;
  int32_t box, class_index;
};
/// Sorts by falling score; equal scores end up in the order of an introspective sort.
void bnk_nms_sort(struct bnk_nms_result *results, size_t count);

#endif
