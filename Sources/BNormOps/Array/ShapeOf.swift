import BNormCore
import BNormTensor

/// The dimensions of each input.
struct ShapeOf: ShapeOnlyOperation, EagerOperation {
  static let opNames = ["Shape", "ShapeN"]
  let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("out_type") }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { inputs.map { .vector($0.shape.rank) } }

  func foldShapes(_ inputs: [Fact]) -> [Tensor]? {
    var out: [Tensor] = []
    for input in inputs {
      guard let shape = input.shape.full, let tensor = try? tensor(shape) else { return nil }
      out.append(tensor)
    }
    return out
  }

  private func tensor(_ shape: Shape) throws -> Tensor {
    if dtype == .int32, let d = shape.dimensions.first(where: { $0 > Int(Int32.max) }) {
      throw BNormError.invalid("dimension \(d) of shape \(shape) does not fit out_type int32")
    }
    return Tensor(integers: shape.dimensions, dtype: dtype)
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    try inputs.map { try tensor($0.shape) }
  }
}

/// The number of elements.
struct SizeOf: ShapeOnlyOperation, EagerOperation {
  static let opNames = ["Size"]
  let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("out_type") }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func foldShapes(_ inputs: [Fact]) -> [Tensor]? {
    inputs[0].shape.full.flatMap { try? [tensor($0)] }
  }

  private func tensor(_ shape: Shape) throws -> Tensor {
    guard dtype == .int64 || shape.count <= Int(Int32.max) else {
      throw BNormError.invalid("the size of shape \(shape) does not fit out_type int32")
    }
    return Tensor(integers: [shape.count], dtype: dtype, shape: .scalar)
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    [try tensor(inputs[0].shape)]
  }
}

/// The number of dimensions.
struct RankOf: ShapeOnlyOperation, EagerOperation {
  static let opNames = ["Rank"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func foldShapes(_ inputs: [Fact]) -> [Tensor]? {
    inputs[0].shape.rank.map { [Tensor(scalar: Int32($0))] }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    [Tensor(scalar: Int32(inputs[0].rank))]
  }
}
