import BNormCore
import BNormTensor
import CBNormKernels

/// Suppression for each class of each image of a batch, then the best of all classes.
struct CombinedNonMaxSuppression: EagerOperation {
  static let opNames = ["CombinedNonMaxSuppression"]
  let padPerClass: Bool
  let clipBoxes: Bool

  init(_ node: NodeContext) throws {
    padPerClass = try node.bool("pad_per_class")
    clipBoxes = try node.bool("clip_boxes")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let boxes = inputs[0].shape, scores = inputs[1].shape
    try boxes.requireRank(4, "input 0 (boxes)")
    try scores.requireRank(3, "input 1 (scores)")
    for i in 2..<6 { try inputs[i].shape.requireRank(0, "input \(i)") }
    if let columns = boxes[3], columns != 4 {
      throw BNormError.invalid("input 0 (boxes) has shape \(boxes), expected 4 coordinates")
    }
    if let shared = boxes[2], let classes = scores[2], shared != 1, shared != classes {
      throw BNormError.invalid(
        "input 0 (boxes) has shape \(boxes), but input 1 (scores) has \(classes) classes")
    }
    for i in 0..<2 {
      if let a = boxes[i], let b = scores[i], a != b {
        throw BNormError.invalid(
          "input 0 (boxes) has shape \(boxes), but input 1 (scores) has shape \(scores)")
      }
    }
    let batch = boxes[0] ?? scores[0] ?? -1
    return [
      PartialShape([batch, -1, 4]), PartialShape([batch, -1]), PartialShape([batch, -1]),
      PartialShape([batch]),
    ]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let boxes = inputs[0].elements(Float.self), scores = inputs[1].elements(Float.self)
    let batch = inputs[0].shape[0], count = inputs[0].shape[1], shared = inputs[0].shape[2]
    let classes = inputs[1].shape[2]
    let perClass = Int(inputs[2].elements(Int32.self)[0])
    let total = Int(inputs[3].elements(Int32.self)[0])
    guard perClass > 0 else {
      throw BNormError.invalid("input 2 (max_output_size_per_class) is \(perClass), must be positive")
    }
    guard total > 0 else {
      throw BNormError.invalid("input 3 (max_total_size) is \(total), must be positive")
    }
    let overlap = inputs[4].elements(Float.self)[0], threshold = inputs[5].elements(Float.self)[0]
    guard overlap >= 0, overlap <= 1 else {
      throw BNormError.invalid("input 4 (iou_threshold) is \(overlap), expected a value in [0, 1]")
    }
    let sizePerClass = min(perClass, count)
    let (room, overflow) = sizePerClass.multipliedReportingOverflow(by: classes)
    guard !overflow, room <= Int(Int32.max) else {
      throw BNormError.invalid("\(sizePerClass) boxes for each of \(classes) classes are too many")
    }
    let allClasses = min(perClass.multipliedReportingOverflow(by: classes).partialValue, Int(Int32.max))
    let perBatch = padPerClass ? min(total, allClasses) : total

    let outBoxes = Tensor(
      zeros: .float, shape: try Shape(checking: [batch, perBatch, 4]).fitting(.float))
    let outScores = Tensor(zeros: .float, shape: [batch, perBatch])
    let outClasses = Tensor(zeros: .float, shape: [batch, perBatch])
    let valid = Tensor(zeros: .int32, shape: [batch])
    var nms = bnk_nms(
      boxes: count, max_selected: sizePerClass, overlap_threshold: overlap,
      score_threshold: threshold, soft_sigma: 0, is_half: 0)
    var heap = [bnk_nms_candidate](
      repeating: bnk_nms_candidate(score: 0, box: 0, compared: 0), count: count + 1)
    var selected = [Int32](repeating: 0, count: sizePerClass + 1)
    var selectedScores = [Float](repeating: 0, count: sizePerClass + 1)
    guard count > 0, classes > 0 else { return [outBoxes, outScores, outClasses, valid] }

    for image in 0..<batch {
      let imageBoxes = boxes.baseAddress! + image * count * shared * 4
      let imageScores = scores.baseAddress! + image * count * classes
      var results = [bnk_nms_result](
        repeating: bnk_nms_result(score: -.infinity, box: -1, class_index: -1), count: room)
      var found = 0
      for c in 0..<classes {
        let n = bnk_nms_class(
          &nms, imageBoxes + (shared > 1 ? 4 * c : 0), 4 * shared, imageScores + c, classes, &heap,
          &selected, &selectedScores)
        for i in 0..<n {
          results[c * sizePerClass + i] = bnk_nms_result(
            score: selectedScores[i], box: selected[i], class_index: Int32(c))
        }
        found += n
      }
      bnk_nms_sort(&results, room)
      let kept = min(found, padPerClass ? min(perBatch, found) : total)
      valid.mutableElements(Int32.self)[image] = Int32(kept)
      for i in 0..<kept {
        let result = results[i], at = image * perBatch + i
        outScores.mutableElements(Float.self)[at] = result.score
        outClasses.mutableElements(Float.self)[at] = Float(result.class_index)
        let box = imageBoxes + (Int(result.box) * shared + (shared > 1 ? Int(result.class_index) : 0)) * 4
        let out = outBoxes.mutableElements(Float.self)
        for k in 0..<4 {
          let x = box[k]
          // As std::max(std::min(x, 1), 0), which passes NaN on.
          let low = 1 < x ? 1 : x
          out[4 * at + k] = clipBoxes ? (low < 0 ? 0 : low) : x
        }
      }
    }
    return [outBoxes, outScores, outClasses, valid]
  }
}
