import BNormCore
import BNormTensor

/// An accumulator of the session.
struct AccumulatorMaking: EagerOperation {
  static let opNames = [
    "ConditionalAccumulator", "SparseConditionalAccumulator", "ResourceConditionalAccumulator",
  ]
  private let dtype: DType
  private let shape: PartialShape
  private let takesMean: Bool
  private let isSparse: Bool
  private let name: ResourceName

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("dtype")
    shape = try node.shape("shape")
    takesMean = try node.string("reduction_type") == "MEAN"
    isSparse = node.op.hasPrefix("Sparse")
    let shared = try node.string("shared_name")
    name = ResourceName(
      container: try node.string("container"), name: shared.isEmpty ? node.name : shared)
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let accumulator = try context.session.object(name) {
      Accumulator(
        name: name.name, dtype: dtype, shape: shape, takesMean: takesMean, isSparse: isSparse)
    }
    return [Tensor(scalar: accumulator, dtype: .resource)]
  }
}

/// Adds a gradient.
struct AccumulatorApply: EagerOperation, UnfoldableOperation {
  static let opNames = [
    "AccumulatorApplyGradient", "ResourceAccumulatorApplyGradient", "SparseAccumulatorApplyGradient",
  ]
  private let isSparse: Bool
  private let hasShape: Bool

  init(_ node: NodeContext) throws {
    isSparse = node.op.hasPrefix("Sparse")
    hasShape = isSparse ? try node.bool("has_known_shape") : false
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let accumulator = try inputs.object(0, Accumulator.self, "handle")
    let step = try inputs.scalarInteger(1, "local_step")
    guard isSparse else {
      try accumulator.apply(inputs[2], step: step)
      return []
    }
    if hasShape {
      let shape = try inputs.integers(4, "gradient_shape")
      guard accumulator.shape.merged(PartialShape(shape)) != nil else {
        throw BNormError.invalid(
          "Shape mismatch: expected \(accumulator.shape), got \(shape)")
      }
    }
    try accumulator.apply(
      indices: try inputs.integers(2, "gradient_indices"), values: inputs[3], step: step)
    return []
  }
}

/// Takes the sum or mean of the gradients.
struct AccumulatorTake: EagerOperation, UnfoldableOperation {
  static let opNames = [
    "AccumulatorTakeGradient", "ResourceAccumulatorTakeGradient", "SparseAccumulatorTakeGradient",
  ]
  private let isSparse: Bool

  init(_ node: NodeContext) throws { isSparse = node.op.hasPrefix("Sparse") }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let accumulator = try inputs.object(0, Accumulator.self, "handle")
    let required = try inputs.scalarInteger(1, "num_required")
    return isSparse
      ? try accumulator.takeSparse(required) : [try accumulator.take(required)]
  }
}

/// The number of gradients, or the step before which gradients are dropped.
struct AccumulatorControl: EagerOperation, UnfoldableOperation {
  static let opNames = [
    "AccumulatorNumAccumulated", "ResourceAccumulatorNumAccumulated", "AccumulatorSetGlobalStep",
    "ResourceAccumulatorSetGlobalStep",
  ]
  private let setsStep: Bool

  init(_ node: NodeContext) throws { setsStep = node.op.hasSuffix("SetGlobalStep") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { setsStep ? [] : [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let accumulator = try inputs.object(0, Accumulator.self, "handle")
    if setsStep {
      accumulator.setGlobalStep(try inputs.scalarInteger(1, "new_global_step"))
      return []
    }
    return [Tensor(scalar: Int32(clamping: accumulator.accumulated))]
  }
}
