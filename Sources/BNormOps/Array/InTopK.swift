import BNormCore
import BNormTensor

/// Whether the prediction of each row's target is among its k largest.
struct InTopK: EagerOperation {
  static let opNames = ["InTopK", "InTopKV2"]
  private let attributeK: Int?

  init(_ node: NodeContext) throws { attributeK = node.op == "InTopK" ? try node.int32("k") : nil }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(2, "input 0 (predictions)")
    try inputs[1].shape.requireRank(1, "input 1 (targets)")
    if attributeK == nil { try inputs[2].requireScalar("input 2 (k)") }
    if let rows = inputs[0].shape[0], let count = inputs[1].shape[0], rows != count {
      throw BNormError.invalid(
        "input 0 (predictions) has shape \(inputs[0].shape), but input 1 (targets) \(inputs[1].shape)")
    }
    return [.vector(inputs[0].shape[0] ?? inputs[1].shape[0])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = inputs[0].shape
    let targets = inputs[1].integers ?? []
    guard shape.rank == 2, inputs[1].shape == [shape[0]] else {
      throw BNormError.invalid(
        "input 0 (predictions) has shape \(shape), but input 1 (targets) \(inputs[1].shape)")
    }
    guard let k = attributeK ?? inputs[2].integers?.first else {
      throw BNormError.invalid("input 2 (k) is empty")
    }
    let columns = shape[1]
    let predictions = inputs[0].elements(Float.self)
    let out = Tensor(dtype: .bool, shape: [shape[0]])
    let answers = out.mutableElements(Bool.self)
    for (row, target) in targets.enumerated() {
      answers[row] = false
      guard target >= 0, target < columns else { continue }
      let scores = UnsafeBufferPointer(rebasing: predictions[row * columns..<(row + 1) * columns])
      let score = scores[target]
      guard score.isFinite else { continue }
      var larger = 0
      var isClear = true
      for x in scores {
        guard x.isFinite else {
          isClear = false
          break
        }
        if x > score { larger += 1 }
        if larger > k { break }
      }
      answers[row] = isClear && larger < k
    }
    return [out]
  }
}
