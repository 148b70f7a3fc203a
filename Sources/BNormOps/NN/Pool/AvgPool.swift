import BNormCore
import BNormTensor
import CBNormKernels

/// The mean of each window; padding does not count.
struct AvgPool: PlannedOperation {
  static let opNames = ["AvgPool", "AvgPool3D"]
  let geometry: PoolGeometry

  init(_ node: NodeContext) throws {
    geometry = try PoolGeometry(node, rank: node.op == "AvgPool3D" ? 5 : 4)
    try geometry.requireSpatial()
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    [try geometry.infer(inputs[0].shape)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    try geometry.layout.lower(context, inputs: [0], outputs: [0]) { context in
      let window = try geometry.convWindow(context.inputShape(0).dimensions)
      let dtype = context.inputDType(0)
      if dtype == .float, geometry.rank == 4, let pool = window.pool2d {
        return .run(label: "average") { io in
          var shape = pool
          bnk_average_pool2d_f32(
            &shape, io.input(0).assumingMemoryBound(to: Float.self),
            io.output(0).assumingMemoryBound(to: Float.self))
        }
      }
      return .run(label: "average") { io in
        window.withC { w in
          let input = io.input(0)
          let output = io.output(0)
          switch dtype {
          case .half: bnk_nn_avg_pool_f16(w, input, output)
          case .bfloat16: bnk_nn_avg_pool_bf16(w, input, output)
          case .double:
            bnk_nn_avg_pool_f64(
              w, input.assumingMemoryBound(to: Double.self),
              output.assumingMemoryBound(to: Double.self))
          default:
            bnk_nn_avg_pool_f32(
              w, input.assumingMemoryBound(to: Float.self),
              output.assumingMemoryBound(to: Float.self))
          }
        }
      }
    }
  }
}

/// The gradient of `AvgPool`: each element's share of the windows that cover it.
struct AvgPoolGrad: PlannedOperation {
  static let opNames = ["AvgPoolGrad", "AvgPool3DGrad"]
  let geometry: PoolGeometry

  init(_ node: NodeContext) throws {
    geometry = try PoolGeometry(node, rank: node.op == "AvgPool3DGrad" ? 5 : 4)
    try geometry.requireSpatial()
  }

  var valueInputs: [Int] { [0] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let rank = geometry.rank
    try inputs[0].shape.requireRank(1, "input 0 (orig_input_shape)")
    try inputs[1].shape.requireRank(rank, "input 1 (grad)")
    guard let input = inputs[0].integers else { return [.unknown(rank: rank)] }
    guard input.count == rank else {
      throw BNormError.invalid("input 0 (orig_input_shape) is \(input), expected \(rank) elements")
    }
    let shape = PartialShape(try Shape(checking: input))
    let expected = try geometry.infer(shape)
    guard inputs[1].shape.merged(expected) != nil else {
      throw BNormError.invalid(
        "input 1 (grad) has shape \(inputs[1].shape), but an input of shape \(shape) pools to "
          + "\(expected)")
    }
    return [shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    try geometry.layout.lower(context, inputs: [1], outputs: [0]) { context in
      try HalfBridge.lower(context) { context in
        let window = try geometry.convWindow(
          context.outputShape(0).dimensions, isGradient: true)
        let isDouble = context.inputDType(1) == .double
        let spreads: Int32 = geometry.rank == 4 ? 1 : 0
        return .run { io in
          window.withC { w in
            if isDouble {
              bnk_nn_avg_pool_grad_f64(
                w, spreads, io.input(1).assumingMemoryBound(to: Double.self),
                io.output(0).assumingMemoryBound(to: Double.self))
            } else {
              bnk_nn_avg_pool_grad_f32(
                w, spreads, io.input(1).assumingMemoryBound(to: Float.self),
                io.output(0).assumingMemoryBound(to: Float.self))
            }
          }
        }
      }
    }
  }
}
