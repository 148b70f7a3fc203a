import BNormCore
import BNormTensor
import CBNormKernels

/// A dense tensor of a default value with other values at given indices.
struct SparseToDense: EagerOperation {
  static let opNames = ["SparseToDense"]
  private let validates: Bool

  init(_ node: NodeContext) throws { validates = try node.bool("validate_indices") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[1].shape.requireRank(1, "input 1 (output_shape)")
    guard let dims = inputs[1].integers else { return [.unknown(rank: inputs[1].shape[0])] }
    return [PartialShape(try Shape(checking: dims))]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (indices, values) = (inputs[0], inputs[2])
    guard indices.rank <= 2 else {
      throw BNormError.shape(0, "sparse_indices", indices, "rank at most 2")
    }
    guard inputs[1].rank == 1, let dims = inputs[1].integers else {
      throw BNormError.shape(1, "output_shape", inputs[1], "a vector")
    }
    let count = indices.rank > 0 ? indices.shape[0] : 1
    let depth = indices.rank > 1 ? indices.shape[1] : 1
    guard dims.count == depth else {
      throw BNormError.invalid(
        "input 1 (output_shape) has \(dims.count) elements, but input 0 (sparse_indices) has shape "
          + "\(indices.shape)")
    }
    guard values.rank == 0 || (values.rank == 1 && values.count == count) else {
      throw BNormError.invalid(
        "input 2 (sparse_values) has shape \(values.shape), but input 0 (sparse_indices) has shape "
          + "\(indices.shape)")
    }
    guard inputs[3].rank == 0 else {
      throw BNormError.shape(3, "default_value", inputs[3], "a scalar")
    }
    let shape = try Shape(checking: dims)
    let out = try inputs[3].repeated(shape)
    let cells = indices.integers ?? []
    var positions = [Int](repeating: 0, count: count)
    for i in 0..<count {
      var position = 0
      for d in 0..<depth {
        let index = cells[i * depth + d]
        guard index >= 0, index < dims[d] else {
          throw BNormError.invalid(
            "indices[\(i)] = \(Array(cells[i * depth..<(i + 1) * depth])) is out of bounds: need "
              + "0 <= "
              + "index < \(dims)")
        }
        position = position * dims[d] + index
      }
      if validates, i > 0, position <= positions[i - 1] {
        throw BNormError.invalid(
          "indices[\(i)] = \(Array(cells[i * depth..<(i + 1) * depth])) is "
            + (position == positions[i - 1] ? "repeated" : "out of order"))
      }
      positions[i] = position
    }
    let updates = values.rank == 0 ? values : values.reshaped([count])
    try out.scatter(updates, at: positions, BNK_SCATTER_UPDATE)
    return [out]
  }
}

extension PartialShape {
  fileprivate static func unknown(rank: Int?) -> PartialShape {
    rank.map { .unknown(rank: $0) } ?? .unknown
  }
}

/// The sum of a sparse and a dense tensor of one shape.
struct SparseTensorDenseAdd: EagerOperation {
  static let opNames = ["SparseTensorDenseAdd"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[3].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let a = try SparseInput(inputs)
    guard a.shape == inputs[3].shape.dimensions else {
      throw BNormError.invalid(
        "input 2 (a_shape) is \(a.shape), but input 3 (b) has shape \(inputs[3].shape); nothing is "
          + "broadcast")
    }
    try a.requireInside()
    let out = inputs[3].copy()
    try out.scatter(a.values, at: a.keys(Array(0..<a.rank)), BNK_SCATTER_ADD)
    return [out]
  }
}

/// An operation of a sparse tensor's values and the elements of a dense tensor at their places.
struct SparseDenseCwise: EagerOperation {
  static let opNames = ["SparseDenseCwiseAdd", "SparseDenseCwiseMul", "SparseDenseCwiseDiv"]
  private let op: bnk_binary_op

  init(_ node: NodeContext) throws {
    switch node.op {
    case "SparseDenseCwiseAdd": op = BNK_BINARY_ADD
    case "SparseDenseCwiseMul": op = BNK_BINARY_MUL
    default: op = BNK_BINARY_DIV
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    [inputs[0].shape.rank == 2 ? .vector(inputs[0].shape[0]) : .vector(nil)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let sparse = try SparseInput(inputs)
    let dense = inputs[3]
    let skipped = sparse.rank - dense.rank
    let fits =
      skipped >= 0
      && (0..<dense.rank).allSatisfy {
        dense.shape[$0] == 1 || dense.shape[$0] == sparse.shape[skipped + $0]
      }
    guard fits else {
      throw BNormError.invalid(
        "dense is broadcast to sparse only; got incompatible shapes: \(sparse.shape) (sparse) vs. "
          + "\(dense.shape) (dense)")
    }
    try sparse.requireInside()
    let strides = dense.shape.strides
    let positions = (0..<sparse.count).map { i in
      (0..<dense.rank).reduce(0) { sum, d in
        dense.shape[d] == 1 ? sum : sum + sparse.cells[i * sparse.rank + skipped + d] * strides[d]
      }
    }
    return [try Tensor.combining(sparse.values, dense.selecting(positions), op)]
  }
}
