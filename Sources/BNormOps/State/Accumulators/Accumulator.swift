import BNormCore
import BNormTensor

/// Sums gradients until somebody takes their sum or mean. Gradients of old steps are dropped.
final class Accumulator: TensorObject, @unchecked Sendable {
  let name: String
  let dtype: DType
  let shape: PartialShape
  let takesMean: Bool
  let isSparse: Bool
  private let lock = Lock()
  private var globalStep = 0
  private var count = 0
  private var sum: Tensor?
  /// Sums of rows and how many each is of, for sparse gradients.
  private var rows: [Int64: (sum: Tensor, count: Int)] = [:]
  private var rowShape: [Int]?

  init(name: String, dtype: DType, shape: PartialShape, takesMean: Bool, isSparse: Bool) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.takesMean = takesMean
    self.isSparse = isSparse
  }

  var typeName: String { isSparse ? "SparseConditionalAccumulator" : "ConditionalAccumulator" }
  var accumulated: Int { lock.withLock { count } }
  func setGlobalStep(_ step: Int) { lock.withLock { globalStep = step } }

  func apply(_ gradient: Tensor, step: Int) throws {
    guard gradient.dtype == dtype else {
      throw BNormError.invalid(
        "the gradient has dtype \(gradient.dtype.name), but accumulator \"\(name)\" has \(dtype.name)")
    }
    try lock.withLock {
      guard step >= globalStep else { return }
      guard shape.accepts(gradient.shape), sum == nil || sum!.shape == gradient.shape else {
        throw BNormError.invalid(
          "Shape mismatch: expected \(sum.map { PartialShape($0.shape) } ?? shape), got "
            + "\(gradient.shape)")
      }
      if let sum { try sum.add(gradient) } else { sum = gradient.copy() }
      count += 1
    }
  }

  /// The sum or mean of what was applied.
  func take(_ required: Int) throws -> Tensor {
    try lock.withLock {
      try checkCount(required)
      let out = sum!
      if takesMean { try out.divide(by: count) }
      reset()
      sum = nil
      return out
    }
  }

  private func checkCount(_ required: Int) throws {
    guard required > 0 else {
      throw BNormError.invalid("Argument num_required must be positive, got \(required)")
    }
    guard count >= required else {
      throw BNormError.invalid(
        "accumulator \"\(name)\" has \(count) gradients, but \(required) are required, and nothing "
          + "adds to it while this waits")
    }
  }

  private func reset() {
    count = 0
    globalStep += 1
  }

  // MARK: Sparse gradients

  func apply(indices: [Int], values: Tensor, step: Int) throws {
    guard values.dtype == dtype else {
      throw BNormError.invalid(
        "the gradient has dtype \(values.dtype.name), but accumulator \"\(name)\" has \(dtype.name)")
    }
    guard values.rank > 0, values.shape[0] == indices.count else {
      throw BNormError.invalid(
        "Number of indices and values in sparse gradient do not match: \(indices.count) indices, "
          + "values of shape \(values.shape)")
    }
    try lock.withLock {
      guard step >= globalStep else { return }
      let own = Array(values.shape.dimensions.dropFirst())
      let declared = PartialShape(shape.dimensions.map { Array($0.dropFirst()) })
      guard declared.accepts(Shape(own)), rowShape == nil || rowShape == own else {
        throw BNormError.invalid(
          "Shape mismatch: expected values of shape \(rowShape ?? declared.dimensions ?? []), got \(own)")
      }
      if let bound = shape[0], let bad = indices.first(where: { $0 < 0 || $0 >= bound }) {
        throw BNormError.invalid("index \(bad) of the sparse gradient is out of range [0, \(bound))")
      }
      rowShape = own
      for (index, row) in zip(indices, values.unstacked()) {
        if let old = rows[Int64(index)] {
          try old.sum.add(row)
          rows[Int64(index)]!.count += 1
        } else {
          rows[Int64(index)] = (row, 1)
        }
      }
      count += 1
    }
  }

  /// Indices, the sum or mean of each index's rows, and the shape.
  func takeSparse(_ required: Int) throws -> [Tensor] {
    try lock.withLock {
      try checkCount(required)
      let indices = rows.keys.sorted()
      var sums: [Tensor] = []
      for index in indices {
        let row = rows[index]!
        if takesMean { try row.sum.divide(by: row.count) }
        sums.append(row.sum)
      }
      let element = rowShape ?? []
      let values = try Tensor.joining(
        sums, gaps: { _ in 0 }, dtype: dtype, shape: try Shape(checking: [sums.count] + element))
      let whole = shape.dimensions ?? [-1] + element
      reset()
      rows = [:]
      return [Tensor(indices), values, Tensor(whole.map { Int64($0) })]
    }
  }
}

extension Tensor {
  /// Divides the elements; only for the maker of the tensor.
  fileprivate func divide(by count: Int) throws {
    switch dtype {
    case .float:
      let elements = mutableElements(Float.self)
      for i in elements.indices { elements[i] /= Float(count) }
    case .double:
      let elements = mutableElements(Double.self)
      for i in elements.indices { elements[i] /= Double(count) }
    case .half:
      let elements = mutableElements(Float16.self)
      for i in elements.indices { elements[i] /= Float16(count) }
    default: throw BNormError.unsupported("accumulators of \(dtype.name)")
    }
  }
}
