import BNormCore
import BNormTensor
import CBNormKernels

/// Boxes of high score that do not overlap much with a better one.
struct NonMaxSuppression: EagerOperation {
  static let opNames = [
    "NonMaxSuppression", "NonMaxSuppressionV2", "NonMaxSuppressionV3", "NonMaxSuppressionV4",
    "NonMaxSuppressionV5", "NonMaxSuppressionWithOverlaps",
  ]
  let op: String
  /// The threshold that the first version has as an attribute.
  let threshold: Float?
  let pads: Bool

  init(_ node: NodeContext) throws {
    op = node.op
    threshold = op == "NonMaxSuppression" ? try node.float("iou_threshold") : nil
    pads = op == "NonMaxSuppressionV4" || op == "NonMaxSuppressionV5"
      ? try node.bool("pad_to_max_output_size") : false
  }

  private var readsOverlaps: Bool { op == "NonMaxSuppressionWithOverlaps" }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let what = readsOverlaps ? "input 0 (overlaps)" : "input 0 (boxes)"
    let boxes = inputs[0].shape, scores = inputs[1].shape
    try boxes.requireRank(2, what)
    try scores.requireRank(1, "input 1 (scores)")
    for i in 2..<inputs.count { try inputs[i].shape.requireRank(0, "input \(i)") }
    if let columns = boxes[1] {
      if !readsOverlaps, columns != 4 {
        throw BNormError.invalid("\(what) has shape \(boxes), expected [n,4]")
      }
      if readsOverlaps, let rows = boxes[0], rows != columns {
        throw BNormError.invalid("\(what) has shape \(boxes), expected a square matrix")
      }
    }
    if let n = boxes[0], let m = scores[0], n != m {
      throw BNormError.invalid("\(what) has \(n) boxes, but input 1 (scores) has \(m) elements")
    }
    let padded = pads ? inputs[2].integers?.first : nil
    if let padded, padded < 0 {
      throw BNormError.invalid("input 2 (max_output_size) is \(padded), but must not be negative")
    }
    let selected = PartialShape.vector(padded)
    switch op {
    case "NonMaxSuppressionV4": return [selected, .scalar]
    case "NonMaxSuppressionV5": return [selected, selected, .scalar]
    default: return [selected]
    }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let dtype = inputs[1].dtype
    let boxes = inputs[0].asFloats, scores = inputs[1].asFloats
    let limit = Int(inputs[2].elements(Int32.self)[0])
    guard limit >= 0 else {
      throw BNormError.invalid("input 2 (max_output_size) is \(limit), but must not be negative")
    }
    /// Scalar input `i`, as the dtype of the scores holds it.
    func scalar(_ i: Int) -> Float {
      let value = Float(inputs[i].doubles?.first ?? 0)
      return dtype == .half ? Float(Float16(value)) : value
    }
    let overlapThreshold = threshold ?? scalar(3)
    guard readsOverlaps || (overlapThreshold >= 0 && overlapThreshold <= 1) else {
      throw BNormError.invalid("iou_threshold is \(overlapThreshold), expected a value in [0, 1]")
    }
    let sigma = inputs.count > 5 ? scalar(5) : 0
    guard sigma >= 0 else {
      throw BNormError.invalid("input 5 (soft_nms_sigma) is \(sigma), but must not be negative")
    }
    let lowest = dtype == .half ? -Float(Float16.greatestFiniteMagnitude) : -Float.greatestFiniteMagnitude
    let count = scores.count
    var nms = bnk_nms(
      boxes: count, max_selected: min(limit, count), overlap_threshold: overlapThreshold,
      score_threshold: inputs.count > 4 ? scalar(4) : lowest, soft_sigma: sigma,
      is_half: dtype == .half ? 1 : 0)
    var selected = [Int32](repeating: 0, count: nms.max_selected)
    var selectedScores = [Float](repeating: 0, count: nms.max_selected)
    let heap = [bnk_nms_candidate](
      unsafeUninitializedCapacity: count + 1
    ) { heap, initialized in
      let found = bnk_nms(
        &nms, readsOverlaps ? nil : boxes.pointer, readsOverlaps ? boxes.pointer : nil,
        scores.pointer, heap.baseAddress, &selected, &selectedScores)
      nms.max_selected = found
      initialized = 0
    }
    _ = heap
    let found = nms.max_selected
    let length = pads ? limit : found
    _ = try Shape(checking: [length])
    selected.removeLast(selected.count - found)
    selectedScores.removeLast(selectedScores.count - found)
    if pads {
      selected += [Int32](repeating: 0, count: limit - found)
      selectedScores += [Float](repeating: 0, count: limit - found)
    }
    let indices = Tensor(selected)
    let valid = Tensor(scalar: Int32(found))
    switch op {
    case "NonMaxSuppressionV4": return [indices, valid]
    case "NonMaxSuppressionV5":
      let scores = dtype == .half
        ? Tensor(selectedScores.map { Float16($0) }) : Tensor(selectedScores)
      return [indices, scores, valid]
    default: return [indices]
    }
  }
}

/// A tensor's elements as floats, in place if they are.
struct FloatElements {
  private let tensor: Tensor
  var pointer: UnsafePointer<Float> { tensor.elements(Float.self).baseAddress! }
  var count: Int { tensor.count }

  init(_ tensor: Tensor) {
    guard tensor.dtype != .float else {
      self.tensor = tensor
      return
    }
    let converted = Tensor(dtype: .float, shape: tensor.shape)
    bnk_real_to_f32(
      tensor.dtype.kernel, tensor.pointer, tensor.count,
      converted.mutableElements(Float.self).baseAddress!)
    self.tensor = converted
  }
}

extension Tensor {
  var asFloats: FloatElements { FloatElements(self) }
}
