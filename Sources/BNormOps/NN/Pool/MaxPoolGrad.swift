import BNormCore
import BNormTensor
import CBNormKernels

/// Gradients of max pooling, first and second.
///
/// Inputs: images, pooled images, gradient [, window, strides]. The first gradient goes to the first
/// largest element of a window (in three dimensions to all that equal the maximum); the second one
/// is taken from the first element that equals the maximum.
struct MaxPoolGrad: PlannedOperation {
  static let opNames = [
    "MaxPoolGrad", "MaxPoolGradV2", "MaxPoolGradGrad", "MaxPoolGradGradV2", "MaxPool3DGrad",
    "MaxPool3DGradGrad",
  ]
  private let fixed: PoolGeometry?
  private let layout: Layout
  private let padding: Padding
  private let rank: Int
  private let isSecond: Bool

  init(_ node: NodeContext) throws {
    rank = node.op.hasPrefix("MaxPool3D") ? 5 : 4
    isSecond = node.op.contains("GradGrad")
    layout = try PoolGeometry.layout(node)
    padding = try Padding(node, rank: rank, layout: layout)
    fixed = node.op.hasSuffix("V2") ? nil : try PoolGeometry(node, rank: rank)
    try fixed?.requireSpatial()
  }

  var valueInputs: [Int] { fixed == nil ? [3, 4] : [] }

  private func geometry(_ inputs: [Fact]) throws -> PoolGeometry? {
    if let fixed { return fixed }
    try inputs[3].shape.requireRank(1, "input 3 (ksize)")
    try inputs[4].shape.requireRank(1, "input 4 (strides)")
    guard let window = inputs[3].integers, let strides = inputs[4].integers else { return nil }
    let geometry = try PoolGeometry(
      layout: layout, padding: padding, window: window, strides: strides)
    try geometry.requireSpatial()
    return geometry
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    for i in 0..<3 { try inputs[i].shape.requireRank(rank, "input \(i)") }
    guard let geometry = try geometry(inputs) else {
      return [isSecond ? inputs[1].shape : inputs[0].shape]
    }
    let pooled = try geometry.infer(inputs[0].shape)
    guard inputs[1].shape.merged(pooled) != nil else {
      throw BNormError.invalid(
        "input 1 (orig_output) has shape \(inputs[1].shape), but input 0 pools to \(pooled)")
    }
    let expected = isSecond ? inputs[0].shape : pooled
    guard inputs[2].shape.merged(expected) != nil else {
      throw BNormError.invalid(
        "input 2 (grad) has shape \(inputs[2].shape), expected \(expected)")
    }
    return [isSecond ? pooled : inputs[0].shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    guard let geometry = try geometry(context.inputs) else {
      throw BNormError.invalid("window and strides are not known")
    }
    return try layout.lower(context, inputs: [0, 1, 2], outputs: [0]) { context in
      let window = try geometry.convWindow(context.inputShape(0).dimensions, isGradient: true)
      guard rank == 5, !isSecond else { return kernel(window, context) }
      return try HalfBridge.lower(context) { _ in kernel3D(window) }
    }
  }

  private func kernel(_ window: ConvWindow, _ context: Lowering) -> Kernel {
    let dtype = context.inputDType(0)
    let cDType = bnk_dtype(rawValue: UInt32(dtype.rawValue))
    let count = window.batch * window.outputPixels * window.channels
    let isSecond = isSecond
    return .function(
      KernelFunction(scratchBytes: max(count * 8, 64)) { io in
        let positions = io.scratch(outputs: 1).assumingMemoryBound(to: Int64.self)
        window.withC { w in
          if isSecond {
            bnk_nn_max_pool_match(cDType, w, io.input(0), io.input(1), positions)
            bnk_nn_max_pool_take(dtype.size, w, positions, io.input(2), io.output(0))
          } else {
            bnk_nn_max_pool_argmax(cDType, w, io.input(0), positions)
            bnk_nn_max_pool_scatter(cDType, w, positions, io.input(2), io.output(0))
          }
        }
      })
  }

  private func kernel3D(_ window: ConvWindow) -> Kernel {
    .run { io in
      window.withC {
        bnk_nn_max_pool_3d_grad_f32(
          $0, io.input(0).assumingMemoryBound(to: Float.self),
          io.input(1).assumingMemoryBound(to: Float.self),
          io.input(2).assumingMemoryBound(to: Float.self),
          io.output(0).assumingMemoryBound(to: Float.self))
      }
    }
  }
}
