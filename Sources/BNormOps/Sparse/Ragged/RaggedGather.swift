import BNormCore
import BNormTensor

/// Rows of a ragged tensor by their number.
struct RaggedGather: EagerOperation {
  static let opNames = ["RaggedGather"]
  private let paramsRank: Int
  private let outputRank: Int
  private let splitsType: DType

  init(_ node: NodeContext) throws {
    paramsRank = try node.int("PARAMS_RAGGED_RANK")
    outputRank = try node.int("OUTPUT_RAGGED_RANK")
    splitsType = node.inputDTypes[0]
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try RowSplits.infer(inputs, ragged: paramsRank)
    try inputs[paramsRank + 1].shape.requireRank(
      outputRank - paramsRank + 1, "input \(paramsRank + 1) (indices)")
    let inner = inputs[paramsRank].shape.dimensions.map { PartialShape([-1] + $0.dropFirst()) }
    return [PartialShape](repeating: .vector(nil), count: outputRank) + [inner ?? .unknown]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let values = inputs[paramsRank]
    let nested = try (0..<paramsRank).map { i in
      let bound = i + 1 < paramsRank ? inputs[i + 1].count - 1 : values.shape[0]
      return try splits(inputs[i], bound: bound, "input \(i) (params_nested_splits)")
    }
    let indices = inputs[paramsRank + 1].integers ?? []
    let indexShape = inputs[paramsRank + 1].shape
    let rows = nested[0].count - 1
    for i in indices where i < 0 || i >= rows {
      throw BNormError.invalid(
        "input \(paramsRank + 1) (indices) contains \(i): not in [0, \(rows))")
    }
    var out = uniformSplits(indexShape)
    let first = indexShape.rank - 1
    out += [[Int]](repeating: [0], count: outputRank - out.count)
    var taken: [Int] = []
    for index in indices {
      var range = index..<index + 1
      for (dim, splits) in nested.enumerated() {
        if first + dim >= 0 {
          let shift = out[first + dim][out[first + dim].count - 1] - splits[range.lowerBound]
          for row in range { out[first + dim].append(splits[row + 1] + shift) }
        }
        range = splits[range.lowerBound]..<splits[range.upperBound]
      }
      taken += range
    }
    let shape = try Shape(checking: [taken.count] + values.shape.dimensions.dropFirst())
    try MemoryLimit.check(values.dtype, shape)
    return out.map { Tensor(splits: $0, dtype: splitsType) } + [
      RowCopy.gather(values, rows: taken, width: values.rowWidth, shape: shape)
    ]
  }

  /// Splits that rise and stay within what they point into; the first need not be 0.
  private func splits(_ tensor: Tensor, bound: Int, _ what: String) throws -> [Int] {
    let splits = tensor.integers ?? []
    guard let first = splits.first, let last = splits.last else {
      throw BNormError.invalid("\(what) is empty")
    }
    guard first >= 0, last <= bound, zip(splits, splits.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw BNormError.invalid(
        "\(what) is \(splits.prefix(8)), expected rising splits within [0, \(bound)]")
    }
    return splits
  }

  /// The splits of all dimensions of the indices but the last.
  private func uniformSplits(_ shape: Shape) -> [[Int]] {
    guard shape.rank > 1 else { return [] }
    return (0..<shape.rank - 1).map { dim in
      (0...shape.product(0..<dim + 1)).map { $0 * shape[dim + 1] }
    }
  }
}
