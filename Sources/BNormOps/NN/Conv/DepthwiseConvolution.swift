import BNormCore
import BNormTensor
import CBNormKernels

/// A convolution of each channel by itself, with what was fused into it.
///
/// Inputs: images, filter [height, width, channels, multiplier], then those of the epilogue.
struct DepthwiseConvolution: PlannedOperation {
  static let opNames = ["DepthwiseConv2dNative"]
  var geometry: ConvGeometry
  var epilogue = Epilogue.none
  /// Factors of the outputs of a constant float filter: what was folded into the weights.
  var scale: Tensor?

  init(_ node: NodeContext) throws {
    geometry = try ConvGeometry(node, rank: 4)
    try DepthwiseConvolution.check(geometry)
  }

  init(geometry: ConvGeometry, epilogue: Epilogue) {
    self.geometry = geometry
    self.epilogue = epilogue
  }

  static func check(_ geometry: ConvGeometry) throws {
    guard geometry.strides[0] == geometry.strides[1] else {
      throw BNormError.invalid(
        "attribute strides has \(geometry.strides[0]) for height and \(geometry.strides[1]) for "
          + "width; a depthwise convolution takes equal ones")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(4, "input 0 (input)")
    try inputs[1].shape.requireRank(4, "input 1 (filter)")
    guard let input = geometry.layout.toLast(inputs[0].shape).dimensions else {
      return [.unknown(rank: 4)]
    }
    let filter = inputs[1].shape.dimensions ?? [-1, -1, -1, -1]
    let out = try geometry.output(input: input, filter: filter, depthwise: true)
    return [geometry.layout.fromLast(PartialShape(out))]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let residual = epilogue.hasResidual ? [epilogue.hasBias ? 3 : 2] : []
    return try geometry.layout.lower(context, inputs: [0] + residual, outputs: [0]) { context in
      try HalfBridge.lower(context) { context in
        let window = try geometry.window(
          input: context.inputShape(0).dimensions, filter: context.inputShape(1).dimensions,
          depthwise: true)
        let fast = FastConvolution(
          window: window, epilogue: epilogue, scale: scale, isDepthwise: true)
        if let kernel = fast.kernel(context) { return kernel }
        return DepthwiseConvolution.kernel(window, epilogue, context.inputDType(0))
      }
    }
  }

  /// The kernel for any geometry, in float or double.
  static func kernel(_ window: ConvWindow, _ epilogue: Epilogue, _ dtype: DType) -> Kernel {
    dtype == .double
      ? kernel(window, epilogue, of: Double.self) : kernel(window, epilogue, of: Float.self)
  }

  private static func kernel<T: GemmElement>(
    _ window: ConvWindow, _ epilogue: Epilogue, of type: T.Type
  ) -> Kernel {
    let multiplier = window.outputs
    let columns = window.channels * multiplier
    let rows = window.batch * window.outputPixels
    return .run(label: "depthwise") { io in
      guard rows > 0, columns > 0 else { return }
      window.withC { w in
        if T.self == Double.self {
          bnk_nn_depthwise_f64(
            w, multiplier, io.input(0).assumingMemoryBound(to: Double.self),
            io.input(1).assumingMemoryBound(to: Double.self),
            io.output(0).assumingMemoryBound(to: Double.self))
        } else {
          bnk_nn_depthwise_f32(
            w, multiplier, io.input(0).assumingMemoryBound(to: Float.self),
            io.input(1).assumingMemoryBound(to: Float.self),
            io.output(0).assumingMemoryBound(to: Float.self))
        }
      }
      EpiloguePointers<T>(epilogue, io, firstInput: 2, residualStride: columns).apply(
        row: 0, column: 0, rows: rows, columns: columns,
        io.output(0).assumingMemoryBound(to: T.self), stride: columns)
    }
  }
}

extension ConvWindow {
  /// Calls `body` with the sizes as the C kernels take them.
  func withC<R>(_ body: (UnsafePointer<bnk_nn_window>) -> R) -> R {
    func three(_ a: [Int]) -> (Int, Int, Int) { (a[0], a[1], a[2]) }
    var window = bnk_nn_window(
      batch: batch, channels: channels, in: three(input), out: three(output),
      kernel: three(kernel), stride: three(stride), dilation: three(dilation), pad: three(pad))
    return body(&window)
  }
}
