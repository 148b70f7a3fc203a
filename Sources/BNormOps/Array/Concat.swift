import BNormCore
import BNormTensor

/// Joins tensors along a dimension that one input names: the first of Concat, the last of ConcatV2.
struct Concat: PlannedOperation {
  static let opNames = ["Concat", "ConcatV2"]
  private let count: Int
  private let axisInput: Int
  private let first: Int

  init(_ node: NodeContext) throws {
    count = node.inputDTypes.count - 1
    axisInput = node.op == "Concat" ? 0 : count
    first = node.op == "Concat" ? 1 : 0
  }

  var valueInputs: [Int] { [axisInput] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[axisInput].requireScalar("input \(axisInput) (axis)")
    let values = inputs[first..<first + count]
    let ranks = Set(values.compactMap(\.shape.rank))
    guard ranks.count <= 1 else {
      throw BNormError.invalid(
        "the inputs have shapes of different rank: "
          + values.map(\.shape.description).joined(separator: ", "))
    }
    guard let rank = ranks.first else { return [.unknown] }
    guard rank > 0 else { throw BNormError.invalid("scalars cannot be joined") }
    guard let given = inputs[axisInput].integer else { return [.unknown(rank: rank)] }
    let axis = try checkedAxis(given, rank: rank, "input \(axisInput) (axis)")
    var out = [Int](repeating: -1, count: rank)
    var sum = 0
    for (i, fact) in values.enumerated() {
      guard let dims = fact.shape.dimensions else {
        sum = -1
        continue
      }
      sum = sum < 0 || dims[axis] < 0 ? -1 : sum + dims[axis]
      for d in dims.indices where d != axis && dims[d] >= 0 {
        guard out[d] < 0 || out[d] == dims[d] else {
          throw BNormError.invalid(
            "input \(first + i) has shape \(fact.shape), but dimension \(d) of the inputs before it "
              + "is \(out[d]); only dimension \(axis) may differ")
        }
        out[d] = dims[d]
      }
    }
    out[axis] = sum
    return [PartialShape(out)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.outputShape(0)
    let given = try context.integers(axisInput)[0]
    let axis = try checkedAxis(given, rank: shape.rank, "input \(axisInput) (axis)")
    return try JoinKernel.concat(
      (first..<first + count).map { ($0, context.inputShape($0)[axis]) },
      outer: shape.product(0..<axis), inner: shape.product(axis + 1..<shape.rank),
      size: context.outputDType(0).size)
  }
}

/// Joins tensors whose first dimension is 1 along it.
struct ParallelConcat: PlannedOperation {
  static let opNames = ["ParallelConcat"]
  let shape: PartialShape

  init(_ node: NodeContext) throws { shape = try node.shape("shape") }

  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard let full = shape.full else {
      throw BNormError.invalid("attribute shape is \(shape), it must be fully known")
    }
    if let i = inputs.firstIndex(where: { $0.shape.full == nil }) {
      throw BNormError.invalid("input \(i) has shape \(inputs[i].shape), it must be fully known")
    }
    guard let dims = try mergedShapes(inputs).dimensions else { return [PartialShape(full)] }
    guard dims.count >= 1, dims[0] == 1 || dims[0] < 0 else {
      throw BNormError.invalid(
        "the inputs have shape \(Shape.text(dims)), expected a first dimension of 1")
    }
    let wanted = PartialShape([inputs.count] + dims.dropFirst())
    guard wanted.accepts(full) else {
      throw BNormError.invalid("attribute shape is \(full), but the inputs join to \(wanted)")
    }
    return [PartialShape(full)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.outputShape(0)
    return try JoinKernel.concat(
      context.inputs.indices.map { ($0, 1) }, outer: 1, inner: shape.product(1..<shape.rank),
      size: context.outputDType(0).size)
  }
}

extension Shape {
  /// Dimensions as messages show them.
  static func text(_ dimensions: [Int]) -> String { PartialShape(dimensions).description }
}

/// Where each of several shapes starts when tensors of them are joined.
struct ConcatOffset: EagerOperation {
  static let opNames = ["ConcatOffset"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = node.outputDTypes.first ?? .int32 }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].requireScalar("input 0 (concat_dim)")
    for (i, input) in inputs.dropFirst().enumerated() {
      try input.requireVector("input \(i + 1) (shape)")
    }
    return inputs.dropFirst().map(\.shape)
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank == 0, let given = inputs[0].integers?.first else {
      throw BNormError.invalid("input 0 (concat_dim) has shape \(inputs[0].shape), expected a scalar")
    }
    let shapes = inputs.dropFirst().map { $0.integers ?? [] }
    let rank = shapes[0].count
    let axis = try checkedAxis(given, rank: rank, "input 0 (concat_dim)")
    var offset = 0
    var out: [Tensor] = []
    for (i, shape) in shapes.enumerated() {
      guard inputs[i + 1].rank == 1, shape.count == rank else {
        throw BNormError.invalid(
          "input \(i + 1) has shape \(inputs[i + 1].shape), expected [\(rank)]")
      }
      for d in 0..<rank where d != axis && shape[d] != shapes[0][d] {
        throw BNormError.invalid(
          "input \(i + 1) holds \(shape), but input 1 holds \(shapes[0]): they differ at \(d)")
      }
      var start = [Int](repeating: 0, count: rank)
      start[axis] = offset
      out.append(Tensor(integers: start, dtype: dtype))
      offset &+= shape[axis]
    }
    return out
  }
}
