import BNormCore
import BNormTensor
import CBNormKernels

/// Sizes of an LSTM and the places of its gates.
struct LSTMSizes: Sendable {
  var steps = 1
  var batch: Int
  var inputs: Int
  var cell: Int
  /// Numbers of the gates of cell input and forgetting among four.
  var cellGate: Int
  var forgetGate: Int

  /// - Parameters:
  ///   - first: number of the input x; cs_prev, h_prev, w, wci, wcf, wco and b follow.
  ///   - forgetSecond: the forget gate comes before the cell input.
  init(_ context: Lowering, first: Int, forgetSecond: Bool) {
    let x = context.inputShape(first).dimensions
    steps = x.count == 3 ? x[0] : 1
    batch = x[x.count - 2]
    inputs = x[x.count - 1]
    cell = context.inputShape(first + 1)[1]
    (cellGate, forgetGate) = forgetSecond ? (2, 1) : (1, 2)
  }

  /// Checks the eight inputs from x on, and gives batch and cell size as far as they are known.
  static func check(
    _ inputs: [Fact], first: Int, rank: Int, usesPeephole: Bool
  ) throws -> (steps: Int, batch: Int, cell: Int) {
    let names = ["x", "cs_prev", "h_prev", "w", "wci", "wcf", "wco", "b"]
    let ranks = [rank, 2, 2, 2, 1, 1, 1, 1]
    for (i, name) in names.enumerated() {
      try inputs[first + i].shape.requireRank(ranks[i], "input \(first + i) (\(name))")
    }
    func size(_ i: Int, _ d: Int) -> Int { inputs[first + i].shape[d] ?? -1 }
    let batch = size(0, rank - 2)
    let depth = size(0, rank - 1)
    let cell = size(1, 1)
    func require(_ i: Int, _ expected: [Int]) throws {
      let shape = inputs[first + i].shape
      guard shape.merged(PartialShape(expected)) != nil else {
        throw BNormError.invalid(
          "input \(first + i) (\(names[i])) has shape \(shape), expected \(PartialShape(expected))")
      }
    }
    try require(1, [batch, cell])
    try require(2, [batch, cell])
    try require(3, [depth >= 0 && cell >= 0 ? depth + cell : -1, cell >= 0 ? 4 * cell : -1])
    try require(7, [cell >= 0 ? 4 * cell : -1])
    if usesPeephole { for i in 4...6 { try require(i, [cell]) } }
    return (rank == 3 ? size(0, 0) : 1, batch, cell)
  }
}
