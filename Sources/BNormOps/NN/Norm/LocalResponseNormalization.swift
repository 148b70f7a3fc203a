import BNormCore
import BNormTensor
import CBNormKernels

/// Divides each element by a power of the sum of squares of the channels around it.
struct LocalResponseNormalization: PlannedOperation {
  static let opNames = ["LRN", "LRNGrad"]
  let radius: Int
  let bias: Float
  let alpha: Float
  let beta: Float
  let isGradient: Bool

  init(_ node: NodeContext) throws {
    radius = try node.int("depth_radius")
    guard radius >= 0, radius <= Int(Int32.max) else {
      throw BNormError.invalid("attribute depth_radius is \(radius)")
    }
    bias = try node.float("bias")
    alpha = try node.float("alpha")
    beta = try node.float("beta")
    isGradient = node.op == "LRNGrad"
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    var shape = inputs[0].shape
    for (i, input) in inputs.enumerated() {
      try input.shape.requireRank(4, "input \(i)")
      guard let merged = shape.merged(input.shape) else {
        throw BNormError.invalid(
          "input \(i) has shape \(input.shape), but input 0 has shape \(inputs[0].shape)")
      }
      shape = merged
    }
    return [shape.rank == nil ? .unknown(rank: 4) : shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let (radius, bias, alpha, beta, isGradient) = (radius, bias, alpha, beta, isGradient)
    return try HalfBridge.lower(context) { context in
      let shape = context.inputShape(0)
      let channels = shape[3]
      let rows = shape.product(0..<3)
      return .run { io in
        let output = io.output(0).assumingMemoryBound(to: Float.self)
        func input(_ i: Int) -> UnsafePointer<Float> {
          io.input(i).assumingMemoryBound(to: Float.self)
        }
        if isGradient {
          bnk_nn_lrn_grad_f32(
            input(0), input(1), input(2), rows, channels, radius, bias, alpha, beta, output)
        } else {
          bnk_nn_lrn_f32(input(0), rows, channels, radius, bias, alpha, beta, output)
        }
      }
    }
  }
}
