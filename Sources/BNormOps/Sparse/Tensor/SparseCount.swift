import BNormCore
import BNormTensor
import CBNormKernels

/// Counts of the values in each row of a dense or sparse matrix, or of a vector, as a sparse
/// tensor.
struct SparseCount: EagerOperation {
  static let opNames = ["DenseCountSparseOutput", "SparseCountSparseOutput"]
  private let isSparse: Bool
  private let minimum: Int
  private let maximum: Int
  private let isBinary: Bool

  init(_ node: NodeContext) throws {
    isSparse = node.op == "SparseCountSparseOutput"
    minimum = try node.int("minlength")
    maximum = try node.int("maxlength")
    isBinary = try node.bool("binary_output")
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    let shape = inputs[isSparse ? 2 : 0].shape
    return .sparse(rank: isSparse ? shape[0] : shape.rank)
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let values: Tensor
    let weights: Tensor
    var rows: [Int]
    let rowCount: Int?
    if isSparse {
      let sparse = try SparseInput(inputs)
      guard (1...2).contains(sparse.rank) else {
        throw BNormError.invalid(
          "Input must be a 1 or 2-dimensional tensor. Got: \(sparse.shape)")
      }
      try sparse.requireInside()
      (values, weights) = (sparse.values, inputs[3])
      rowCount = sparse.rank == 2 ? sparse.shape[0] : nil
      rows = sparse.rank == 2 ? (0..<sparse.count).map { sparse.cells[2 * $0] } : []
    } else {
      (values, weights) = (inputs[0], inputs[1])
      guard (1...2).contains(values.rank) else {
        throw BNormError.invalid(
          "Input must be a 1 or 2-dimensional tensor. Got: \(values.shape)")
      }
      rowCount = values.rank == 2 ? values.shape[0] : nil
      rows = values.rank == 2 ? (0..<values.count).map { $0 / values.shape[1] } : []
    }
    guard weights.count == 0 || weights.shape == values.shape else {
      throw BNormError.invalid(
        "Weights and values must have the same shape. Weight shape: \(weights.shape); values "
          + "shape: "
          + "\(values.shape)")
    }
    if rowCount == nil { rows = [Int](repeating: 0, count: values.count) }
    return try count(values, weights, rows: rows, rowCount: rowCount)
  }

  private func count(
    _ values: Tensor, _ weights: Tensor, rows: [Int], rowCount: Int?
  ) throws -> [Tensor] {
    var numbers: [[Int]: Int] = [:]
    var positions: [Int] = []
    var largest = 0
    for (i, value) in (values.integers ?? []).enumerated() {
      guard value >= 0 else {
        throw BNormError.invalid("Input values must all be non-negative, got \(value)")
      }
      guard maximum < 0 || value < maximum else {
        positions.append(-1)
        continue
      }
      largest = max(largest, value)
      let key = [rows[i], value]
      let number = numbers[key] ?? numbers.count
      numbers[key] = number
      positions.append(number)
    }
    let counts = Tensor(zeros: weights.dtype, shape: [numbers.count])
    if isBinary || weights.count == 0 {
      let one = try weights.dtype.one()
      try counts.scatter(
        one.repeated([positions.count]), at: positions,
        isBinary ? BNK_SCATTER_UPDATE : BNK_SCATTER_ADD)
    } else {
      try counts.scatter(weights.reshaped([weights.count]), at: positions, BNK_SCATTER_ADD)
    }
    let sorted = numbers.sorted { ($0.key[0], $0.key[1]) < ($1.key[0], $1.key[1]) }
    let size = maximum >= 0 ? maximum : max(largest + 1, minimum)
    return SparseInput(
      cells: sorted.flatMap { rowCount == nil ? [$0.key[1]] : $0.key },
      values: counts.selecting(sorted.map(\.value)), shape: rowCount.map { [$0, size] } ?? [size]
    ).outputs()
  }
}

extension DType {
  /// The number 1.
  fileprivate func one() throws -> Tensor {
    switch self {
    case .float: Tensor(scalar: Float(1))
    case .double: Tensor(scalar: 1.0)
    case .int32: Tensor(scalar: Int32(1))
    case .int64: Tensor(scalar: Int64(1))
    default: throw BNormError.unsupported("counts of \(name)")
    }
  }
}
