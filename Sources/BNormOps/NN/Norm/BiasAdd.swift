import BNormCore
import BNormTensor
import CBNormKernels

/// Adds one value a channel.
struct BiasAdd: PlannedOperation {
  static let opNames = ["BiasAdd", "BiasAddV1"]
  let layout: Layout

  init(_ node: NodeContext) throws { layout = try PoolGeometry.layout(node) }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 2, "input 0 (value)")
    try inputs[1].shape.requireRank(1, "input 1 (bias)")
    guard var shape = inputs[0].shape.dimensions else { return [.unknown] }
    let axis = BiasAdd.axis(layout, rank: shape.count)
    if let bias = inputs[1].shape[0] {
      guard shape[axis] < 0 || shape[axis] == bias else {
        throw BNormError.invalid(
          "input 1 (bias) has shape \(inputs[1].shape), but input 0 has shape \(inputs[0].shape) "
            + "with \(shape[axis]) channels")
      }
      shape[axis] = bias
    }
    return [PartialShape(shape)]
  }

  /// The dimension of the channels.
  static func axis(_ layout: Layout, rank: Int) -> Int {
    layout == .channelsFirst && rank >= 3 ? 1 : rank - 1
  }

  func lower(_ context: Lowering) -> Kernel {
    let shape = context.inputShape(0)
    let axis = BiasAdd.axis(layout, rank: shape.rank)
    let rows = shape.product(0..<axis)
    let inner = shape.product((axis + 1)..<shape.rank)
    let channels = shape[axis]
    let dtype = bnk_dtype(rawValue: UInt32(context.inputDType(0).rawValue))
    return .run(inPlace: [InPlace(input: 0, output: 0)]) { io in
      bnk_nn_bias_add(dtype, io.input(0), io.input(1), io.output(0), rows, channels, inner)
    }
  }
}

/// The sum over everything but the channels.
struct BiasAddGrad: PlannedOperation {
  static let opNames = ["BiasAddGrad"]
  let layout: Layout

  init(_ node: NodeContext) throws { layout = try PoolGeometry.layout(node) }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 2, "input 0 (out_backprop)")
    guard let shape = inputs[0].shape.dimensions else { return [.vector(nil)] }
    return [PartialShape([shape[BiasAdd.axis(layout, rank: shape.count)]])]
  }

  func lower(_ context: Lowering) -> Kernel {
    let shape = context.inputShape(0)
    let axis = BiasAdd.axis(layout, rank: shape.rank)
    let rows = shape.product(0..<axis)
    let inner = shape.product((axis + 1)..<shape.rank)
    let channels = shape[axis]
    let dtype = bnk_dtype(rawValue: UInt32(context.inputDType(0).rawValue))
    return .run { io in
      bnk_nn_bias_grad(dtype, io.input(0), io.output(0), rows, channels, inner)
    }
  }
}
