import BNormCore
import BNormTensor

/// Counts, or sums the weights of, equal values in each row of a ragged matrix; the result is
/// sparse.
struct RaggedCount: EagerOperation {
  static let opNames = ["RaggedCountSparseOutput"]
  private let minimumLength: Int
  private let maximumLength: Int
  private let isBinary: Bool

  init(_ node: NodeContext) throws {
    minimumLength = try node.int("minlength")
    maximumLength = try node.int("maxlength")
    isBinary = try node.bool("binary_output")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    [PartialShape([-1, 2]), .vector(nil), .vector(2)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (values, weights) = (inputs[1], inputs[2])
    guard weights.count == 0 || weights.shape == values.shape else {
      throw BNormError.invalid(
        "input 2 (weights) has shape \(weights.shape), but input 1 (values) has \(values.shape)")
    }
    let rows = try raggedRows(inputs[0], valueCount: values.count)
    for value in values.integers ?? [] where value < 0 {
      throw BNormError.invalid("input 1 (values) contains \(value), expected no negative elements")
    }
    switch weights.dtype {
    case .int32: return count(rows, inputs, Int32(1), &+)
    case .int64: return count(rows, inputs, Int64(1), &+)
    case .float: return count(rows, inputs, Float(1), +)
    case .double: return count(rows, inputs, Double(1), +)
    case let dtype: throw BNormError.unsupported("RaggedCountSparseOutput of \(dtype.name)")
    }
  }

  private func count<W: Element & Numeric>(
    _ rows: (of: [Int], count: Int), _ inputs: [Tensor], _ one: W, _ add: (W, W) -> W
  ) -> [Tensor] {
    let values = inputs[1].integers ?? []
    let weights = inputs[2].elements(W.self)
    var counts = [[Int: W]](repeating: [:], count: rows.count)
    var largest = 0
    for (i, value) in values.enumerated() {
      guard maximumLength < 0 || value < maximumLength else { continue }
      let weight = weights.isEmpty || isBinary ? one : weights[i]
      let before = counts[rows.of[i]][value] ?? .zero
      counts[rows.of[i]][value] = isBinary ? one : add(before, weight)
      largest = max(largest, value)
    }
    var indices: [Int64] = []
    var sums: [W] = []
    for (row, count) in counts.enumerated() {
      for (value, sum) in count.sorted(by: { $0.key < $1.key }) {
        indices += [Int64(row), Int64(value)]
        sums.append(sum)
      }
    }
    let width = maximumLength >= 0 ? maximumLength : max(largest &+ 1, minimumLength)
    return [
      Tensor(indices, shape: [sums.count, 2]), Tensor(sums),
      Tensor([Int64(rows.count), Int64(width)]),
    ]
  }
}

/// The row of each value, as ops that count take splits: they begin with 0, end with the number of
/// values, and a value is in the first row whose end lies behind it.
func raggedRows(_ tensor: Tensor, valueCount: Int) throws -> (of: [Int], count: Int) {
  let splits = tensor.integers ?? []
  guard splits.count >= 2, splits[0] == 0, splits[splits.count - 1] == valueCount else {
    throw BNormError.invalid(
      "input 0 (splits) is \(splits.prefix(8)), expected at least two, from 0 to \(valueCount)")
  }
  var row = 0
  let rows = (0..<valueCount).map { i in
    while splits[row] <= i { row += 1 }
    return row - 1
  }
  return (rows, splits.count - 1)
}
