import BNormCore
import BNormTensor
import CBNormKernels
import Glibc

/// Regions of interest from the scores and offsets of anchors: the best are moved, clipped to the
/// image, freed of those that are too small or overlap a better one.
struct GenerateBoundingBoxProposals: EagerOperation {
  static let opNames = ["GenerateBoundingBoxProposals"]
  let count: Int

  init(_ node: NodeContext) throws {
    count = try node.int("post_nms_topn")
    guard count > 0 else {
      throw BNormError.invalid("attribute post_nms_topn is \(count), must be positive")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let names = ["scores", "bbox_deltas", "image_info", "anchors"]
    for (i, rank) in [4, 4, 2, 3].enumerated() {
      try inputs[i].shape.requireRank(rank, "input \(i) (\(names[i]))")
    }
    for i in 4..<7 { try inputs[i].shape.requireRank(0, "input \(i)") }
    let images = inputs[0].shape[0] ?? -1
    return [PartialShape([images, count, 4]), PartialShape([images, count])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let shape = inputs[0].shape
    let images = shape[0], anchors = shape[1] * shape[2] * shape[3]
    let grid = [shape[1], shape[2], 4 * shape[3]]
    guard inputs[3].shape.dimensions == grid, inputs[1].shape.dimensions == [images] + grid else {
      throw BNormError.invalid(
        "input 0 (scores) has shape \(shape), but input 1 (bbox_deltas) has shape "
          + "\(inputs[1].shape) and input 3 (anchors) \(inputs[3].shape)")
    }
    guard inputs[2].shape[0] == images, inputs[2].shape[1] == 5 else {
      throw BNormError.invalid(
        "input 2 (image_info) has shape \(inputs[2].shape), expected [\(images),5]")
    }
    let overlap = inputs[4].elements(Float.self)[0], minimum = inputs[6].elements(Float.self)[0]
    let candidates = Int(inputs[5].elements(Int32.self)[0])
    guard overlap >= 0, overlap <= 1 else {
      throw BNormError.invalid("input 4 (nms_threshold) is \(overlap), expected a value in [0, 1]")
    }
    guard candidates > 0 else {
      throw BNormError.invalid("input 5 (pre_nms_topn) is \(candidates), must be positive")
    }
    let rois = Tensor(zeros: .float, shape: try Shape(checking: [images, count, 4]).fitting(.float))
    let probabilities = Tensor(zeros: .float, shape: [images, count])
    let scores = inputs[0].elements(Float.self), deltas = inputs[1].elements(Float.self)
    let info = inputs[2].elements(Float.self), corners = inputs[3].elements(Float.self)
    for image in 0..<images {
      let order = (0..<anchors).sorted {
        let a = scores[image * anchors + $0], b = scores[image * anchors + $1]
        return a == b ? $0 < $1 : a > b
      }
      var boxes: [Float] = [], kept: [Float] = []
      for anchor in order.prefix(candidates) {
        let box = Proposal(
          corners[(4 * anchor)..<(4 * anchor + 4)],
          deltas[(4 * (image * anchors + anchor))..<(4 * (image * anchors + anchor) + 4)],
          height: info[5 * image], width: info[5 * image + 1])
        guard min(box.bottom - box.top, box.right - box.left) >= minimum * info[5 * image + 2] else {
          continue
        }
        boxes += [box.top, box.left, box.bottom, box.right]
        kept.append(scores[image * anchors + anchor])
      }
      let selected = select(boxes, overlap: overlap)
      for (i, box) in selected.enumerated() {
        let at = image * count + i
        probabilities.mutableElements(Float.self)[at] = kept[box]
        for k in 0..<4 { rois.mutableElements(Float.self)[4 * at + k] = boxes[4 * box + k] }
      }
    }
    return [rois, probabilities]
  }

  /// Boxes in falling order of score of which none overlaps an earlier one too much.
  private func select(_ boxes: [Float], overlap: Float) -> [Int] {
    let total = boxes.count / 4
    // Their rank stands for the score, so that equal scores keep their order.
    let ranks = (0..<total).map { Float(total - $0) }
    var nms = bnk_nms(
      boxes: total, max_selected: min(count, total), overlap_threshold: overlap,
      score_threshold: 0, soft_sigma: 0, is_half: 0)
    var heap = [bnk_nms_candidate](
      repeating: bnk_nms_candidate(score: 0, box: 0, compared: 0), count: total + 1)
    var selected = [Int32](repeating: 0, count: total + 1)
    var selectedScores = [Float](repeating: 0, count: total + 1)
    let found = bnk_nms(&nms, boxes, nil, ranks, &heap, &selected, &selectedScores)
    return selected.prefix(found).map { Int($0) }
  }
}

/// An anchor moved and stretched by its deltas (y, x, height, width) and clipped to the image.
private struct Proposal {
  var top: Float, left: Float, bottom: Float, right: Float

  init(_ anchor: Slice<UnsafeBufferPointer<Float>>, _ delta: Slice<UnsafeBufferPointer<Float>>,
    height: Float, width: Float
  ) {
    let a = Array(anchor), d = Array(delta)
    (top, bottom) = Proposal.place(a[0], a[2], d[0], d[2], height)
    (left, right) = Proposal.place(a[1], a[3], d[1], d[3], width)
  }

  private static func place(
    _ start: Float, _ end: Float, _ shift: Float, _ stretch: Float, _ limit: Float
  ) -> (Float, Float) {
    let size = end - start, center = start + 0.5 * size + size * shift
    let stretched = size * expf(min(stretch, Float(log(1000.0 / 16.0))))
    func clipped(_ x: Float) -> Float { max(min(x, limit), 0) }
    return (clipped(center - 0.5 * stretched), clipped(center + 0.5 * stretched))
  }
}
