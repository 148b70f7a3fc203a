import BNormCore
import BNormTensor
import CBNormKernels

/// The gradient of `FusedBatchNorm`.
///
/// Inputs: gradient of y, x, scale, mean, variance. Outputs: gradients of x, scale and offset.
struct FusedBatchNormGrad: PlannedOperation {
  static let opNames = ["FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3"]
  let epsilon: Float
  let isTraining: Bool
  let layout: Layout

  init(_ node: NodeContext) throws {
    epsilon = try node.float("epsilon")
    isTraining = try node.bool("is_training")
    layout = try Layout(node.string("data_format"))
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if let rank = inputs[0].shape.rank, rank != 4, rank != 5 {
      throw BNormError.invalid(
        "input 0 (y_backprop) has shape \(inputs[0].shape), expected rank 4 or 5")
    }
    guard let x = inputs[0].shape.merged(inputs[1].shape) else {
      throw BNormError.invalid(
        "input 0 (y_backprop) has shape \(inputs[0].shape), but input 1 (x) has shape "
          + "\(inputs[1].shape)")
    }
    var channels = layout.toLast(x).dimensions.flatMap { $0.last! >= 0 ? $0.last! : nil }
    for (i, name) in [(2, "scale"), (3, "reserve_space_1"), (4, "reserve_space_2")] {
      try inputs[i].shape.requireRank(1, "input \(i) (\(name))")
      guard let count = inputs[i].shape[0] else { continue }
      guard channels == nil || channels == count else {
        throw BNormError.invalid(
          "input \(i) (\(name)) has shape \(inputs[i].shape), but input 1 has \(channels!) "
            + "channels")
      }
      channels = count
    }
    let vector = PartialShape.vector(channels)
    return [x, vector, vector, PartialShape([0]), PartialShape([0])]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    try layout.lower(context, inputs: [0, 1], outputs: [0]) { context in
      try HalfBridge.lower(context) { kernel($0) }
    }
  }

  private func kernel(_ context: Lowering) -> Kernel {
    let shape = context.inputShape(1)
    let channels = shape[shape.rank - 1]
    let rows = shape.product(0..<(shape.rank - 1))
    let (epsilon, isTraining) = (epsilon, isTraining)
    return .function(
      KernelFunction(scratchBytes: channels * 16) { io in
        func input(_ i: Int) -> UnsafePointer<Float> {
          io.input(i).assumingMemoryBound(to: Float.self)
        }
        let dScale = io.output(1).assumingMemoryBound(to: Float.self)
        let dOffset = io.output(2).assumingMemoryBound(to: Float.self)
        guard rows > 0 else {
          for c in 0..<channels { (dScale[c], dOffset[c]) = (0, 0) }
          return
        }
        let sums = io.scratch(outputs: 5).assumingMemoryBound(to: Float.self)
        let (a, b, d) = (sums + channels, sums + 2 * channels, sums + 3 * channels)
        bnk_nn_norm_sums_f32(input(0), input(1), input(3), rows, channels, dOffset, sums)
        let count = Float(rows)
        for c in 0..<channels {
          let inverse = 1 / (input(4)[c] + epsilon).squareRoot()
          dScale[c] = sums[c] * inverse
          a[c] = input(2)[c] * inverse
          b[c] = isTraining ? -a[c] * inverse * inverse * (sums[c] / count) : 0
          d[c] = isTraining ? -a[c] * (dOffset[c] / count) : 0
        }
        bnk_nn_norm_grad_f32(
          input(0), input(1), input(3), a, b, d, rows, channels,
          io.output(0).assumingMemoryBound(to: Float.self))
      })
  }
}
