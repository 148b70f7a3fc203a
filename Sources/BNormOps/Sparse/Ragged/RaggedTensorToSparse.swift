import BNormCore
import BNormTensor

/// A ragged tensor as a sparse one: the indices of its values, the values, and its bounding shape.
struct RaggedTensorToSparse: EagerOperation {
  static let opNames = ["RaggedTensorToSparse"]
  private let raggedRank: Int

  init(_ node: NodeContext) throws { raggedRank = try node.int("RAGGED_RANK") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try RowSplits.infer(inputs, ragged: raggedRank)
    let values = inputs[raggedRank].shape
    let rank = values.rank.map { $0 + raggedRank } ?? -1
    let count = values.full?.count
    return [PartialShape([count ?? -1, rank]), .vector(count), PartialShape([rank])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let values = inputs[raggedRank]
    guard values.rank >= 1 else {
      throw BNormError.invalid("input \(raggedRank) (rt_dense_values) is a scalar")
    }
    let nested = try RowSplits.nested(inputs[..<raggedRank], valueCount: values.shape[0])
    let inner = Array(values.shape.dimensions.dropFirst())
    let rank = raggedRank + values.rank
    let shape = try Shape(checking: [values.count, rank])
    try MemoryLimit.check(.int64, shape)
    let indices = Tensor(dtype: .int64, shape: shape)
    fill(indices.mutableElements(Int64.self), nested, inner: inner, rank: rank)
    var bounds = [nested[0].count - 1]
    for splits in nested {
      bounds.append(zip(splits, splits.dropFirst()).map { $1 - $0 }.max() ?? 0)
    }
    bounds += inner
    return [indices, values.reshaped([values.count]), Tensor(bounds.map { Int64($0) })]
  }

  private func fill(
    _ target: UnsafeMutableBufferPointer<Int64>, _ nested: [[Int]], inner: [Int], rank: Int
  ) {
    var next = 0
    var place = [Int64](repeating: 0, count: rank)
    let innerCount = inner.reduce(1, &*)
    func visit(_ row: Int, depth: Int) {
      for (i, child) in (nested[depth][row]..<nested[depth][row + 1]).enumerated() {
        place[depth + 1] = Int64(i)
        guard depth + 1 == nested.count else {
          visit(child, depth: depth + 1)
          continue
        }
        for element in 0..<innerCount {
          var rest = element
          for (k, size) in inner.enumerated().reversed() {
            place[nested.count + 1 + k] = Int64(rest % size)
            rest /= size
          }
          for (k, x) in place.enumerated() { target[next + k] = x }
          next += rank
        }
      }
    }
    for row in 0..<nested[0].count - 1 {
      place[0] = Int64(row)
      visit(row, depth: 0)
    }
  }
}
