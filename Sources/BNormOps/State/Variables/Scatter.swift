import BNormCore
import BNormTensor
import CBNormKernels

/// Changes rows of a variable.
struct ScatterRows: EagerOperation {
  static let opNames = [
    "ScatterUpdate", "ScatterAdd", "ScatterSub", "ScatterMul", "ScatterDiv", "ScatterMin",
    "ScatterMax", "ResourceScatterUpdate", "ResourceScatterAdd", "ResourceScatterSub",
    "ResourceScatterMul", "ResourceScatterDiv", "ResourceScatterMin", "ResourceScatterMax",
  ]
  private let operation: bnk_scatter_op
  private let isReference: Bool

  init(_ node: NodeContext) throws {
    isReference = node.op.hasPrefix("Scatter")
    operation = try ScatterKernel.operation(named: node.op)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { isReference ? [.scalar] : [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let variable = try Variable.of(inputs[0])
    let (indices, updates) = (inputs[1], inputs[2])
    try variable.require(updates.dtype)
    try variable.update { target in
      guard target.rank > 0 else {
        throw BNormError.invalid("params must be at least 1-D, got shape \(target.shape)")
      }
      let rest = Array(target.shape.dimensions.dropFirst())
      guard updates.rank == 0 || updates.shape.dimensions == indices.shape.dimensions + rest else {
        throw BNormError.invalid(
          "Must have updates.shape = indices.shape + params.shape[1:] or updates.shape = [], got "
            + "updates.shape \(updates.shape), indices.shape \(indices.shape), params.shape "
            + "\(target.shape)")
      }
      guard let places = indices.integers else {
        throw BNormError.invalid("input 1 (indices) has dtype \(indices.dtype.name)")
      }
      let row = target.shape.product(1..<target.rank)
      for (i, place) in places.enumerated() where place < 0 || place >= target.shape[0] {
        throw BNormError.invalid(
          "indices\(Position(i, in: indices.shape)) = \(place) is not in [0, \(target.shape[0]))")
      }
      guard row > 0 else { return }
      try ScatterKernel.run(
        operation, target, updates, offsets: places.map { Int64($0 * row) }, row: row)
    }
    return isReference ? [inputs[0]] : []
  }
}

/// Changes slices of a variable.
struct ScatterSlices: EagerOperation {
  static let opNames = [
    "ScatterNdUpdate", "ScatterNdAdd", "ScatterNdSub", "ScatterNdMin", "ScatterNdMax",
    "ResourceScatterNdUpdate", "ResourceScatterNdAdd", "ResourceScatterNdSub",
    "ResourceScatterNdMin", "ResourceScatterNdMax",
  ]
  private let operation: bnk_scatter_op
  private let isReference: Bool
  private let ignoresBad: Bool

  init(_ node: NodeContext) throws {
    isReference = node.op.hasPrefix("Scatter")
    operation = try ScatterKernel.operation(named: node.op)
    let policy = try node.string("bad_indices_policy")
    guard ["", "DEFAULT", "ERROR", "IGNORE"].contains(policy) else {
      throw BNormError.invalid("attribute bad_indices_policy is \"\(policy)\"")
    }
    ignoresBad = policy == "IGNORE"
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { isReference ? [.scalar] : [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let variable = try Variable.of(inputs[0])
    let (indices, updates) = (inputs[1], inputs[2])
    try variable.require(updates.dtype)
    try variable.update { target in
      guard target.rank > 0 else {
        throw BNormError.invalid("Output must be at least 1-D, got shape: \(target.shape)")
      }
      guard indices.rank > 0 else {
        throw BNormError.invalid("Indices shape must have rank at least one. Found: \(indices.shape)")
      }
      let depth = indices.shape[indices.rank - 1]
      guard depth <= target.rank else {
        throw BNormError.invalid(
          "Index innermost dimension length must be <= params rank; saw: \(depth) vs. \(target.rank)")
      }
      let expected = Array(indices.shape.dimensions.dropLast()) + target.shape.dimensions[depth...]
      guard updates.shape.dimensions == expected else {
        throw BNormError.invalid(
          "Must have updates.shape = indices.shape[:batch_dim] + params_shape[slice_dim:], got "
            + "updates.shape: \(updates.shape), indices.shape: \(indices.shape), params_shape: "
            + "\(target.shape), slice_dim: \(depth)")
      }
      let count = indices.shape.product(0..<(indices.rank - 1))
      let row = target.shape.product(depth..<target.rank)
      guard count > 0, row > 0 else { return }
      let offsets = try ScatterKernel.offsets(
        indices, count: count, depth: depth, in: target.shape, ignoresBad: ignoresBad)
      try ScatterKernel.run(operation, target, updates, offsets: offsets, row: row)
    }
    return isReference ? [inputs[0]] : []
  }
}

/// Where an element lies in a tensor, as TensorFlow's messages write it: `[1,2]`.
struct Position: CustomStringConvertible {
  let description: String
  init(_ flat: Int, in shape: Shape) {
    let text = zip(shape.dimensions, shape.strides).map { d, s in
      d > 0 && s > 0 ? String(flat / s % d) : "0"
    }
    description = shape.rank == 0 ? "" : "[" + text.joined(separator: ",") + "]"
  }
}
