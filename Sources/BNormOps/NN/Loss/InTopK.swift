import BNormCore
import BNormTensor

/// Whether the target class of each row is among the `k` best predictions.
struct InTopK: PlannedOperation {
  static let opNames = ["InTopK", "InTopKV2"]
  private let fixed: Int?

  init(_ node: NodeContext) throws { fixed = node.op == "InTopK" ? try node.int("k") : nil }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(2, "input 0 (predictions)")
    try inputs[1].shape.requireRank(1, "input 1 (targets)")
    if fixed == nil { try inputs[2].shape.requireRank(0, "input 2 (k)") }
    if let rows = inputs[0].shape[0], let targets = inputs[1].shape[0], rows != targets {
      throw BNormError.invalid(
        "input 1 (targets) has shape \(inputs[1].shape), but input 0 has \(rows) rows")
    }
    return [.vector(inputs[0].shape[0] ?? inputs[1].shape[0])]
  }

  func lower(_ context: Lowering) -> Kernel {
    let shape = context.inputShape(0)
    let (rows, columns) = (shape[0], shape[1])
    let isWide = context.inputDType(1) == .int64
    let fixed = fixed
    return .run { io in
      func integer(_ input: Int, _ i: Int) -> Int {
        isWide
          ? Int(io.input(input).assumingMemoryBound(to: Int64.self)[i])
          : Int(io.input(input).assumingMemoryBound(to: Int32.self)[i])
      }
      let predictions = io.input(0).assumingMemoryBound(to: Float.self)
      let result = io.output(0).assumingMemoryBound(to: Bool.self)
      let k = fixed ?? integer(2, 0)
      for r in 0..<rows {
        result[r] = InTopK.isAmongBest(
          integer(1, r), predictions + r * columns, columns, k)
      }
    }
  }

  /// What is not finite says nothing.
  private static func isAmongBest(
    _ target: Int, _ row: UnsafePointer<Float>, _ count: Int, _ k: Int
  ) -> Bool {
    guard target >= 0, target < count, row[target].isFinite else { return false }
    var better = 0
    for c in 0..<count {
      guard row[c].isFinite else { return false }
      if row[c] > row[target] {
        better += 1
        if better > k { break }
      }
    }
    return better < k
  }
}
