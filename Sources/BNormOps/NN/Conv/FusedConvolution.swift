import BNormCore
import BNormTensor
import CBNormKernels

/// A convolution with what TensorFlow's own optimizer fused into it: a bias or a batch
/// normalization, a tensor to add, an activation.
struct FusedConvolution: PlannedOperation {
  static let opNames = ["_FusedConv2D", "_FusedConv3D", "_FusedDepthwiseConv2dNative"]
  private let geometry: ConvGeometry
  private let isDepthwise: Bool
  private let epsilon: Float
  private var hasNormalization = false
  private var epilogue = Epilogue.none

  init(_ node: NodeContext) throws {
    geometry = try ConvGeometry(node, rank: node.op == "_FusedConv3D" ? 5 : 4)
    isDepthwise = node.op == "_FusedDepthwiseConv2dNative"
    if isDepthwise { try DepthwiseConvolution.check(geometry) }
    epsilon = try node.float("epsilon")
    if node.optional("filter_format") != nil {
      let format = try node.string("filter_format")
      guard format == "HWIO" else {
        throw BNormError.unsupported("attribute filter_format = \(format)")
      }
    }
    let names = try node.strings("fused_ops").map(\.string)
    for (i, name) in names.enumerated() {
      switch name {
      case "BiasAdd" where i == 0: epilogue.hasBias = true
      case "FusedBatchNorm" where i == 0: hasNormalization = true
      case "Add", "Sum":
        epilogue.hasResidual = true
        epilogue.residualLast = epilogue.activation != .none
      default: try epilogue.activate(name, leakyReluAlpha: try node.float("leakyrelu_alpha"))
      }
    }
    let needed = hasNormalization ? 4 + (epilogue.hasResidual ? 1 : 0) : epilogue.inputCount
    let count = node.inputDTypes.count - 2 - (try node.optional("num_host_args")?.asInt ?? 0)
    guard needed == count else {
      throw BNormError.invalid("fused_ops \(names) need \(needed) arguments, but there are \(count)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let rank = geometry.spatialRank + 2
    try inputs[0].shape.requireRank(rank, "input 0 (input)")
    try inputs[1].shape.requireRank(rank, "input 1 (filter)")
    guard let input = geometry.layout.toLast(inputs[0].shape).dimensions else {
      return [.unknown(rank: rank)]
    }
    let filter = inputs[1].shape.dimensions ?? [Int](repeating: -1, count: rank)
    let out = try geometry.output(input: input, filter: filter, depthwise: isDepthwise)
    let vectors = hasNormalization ? 2..<6 : epilogue.hasBias ? 2..<3 : 2..<2
    for i in vectors {
      if let shape = inputs[i].shape.full, let n = out.last, n >= 0, shape.count != n {
        throw BNormError.invalid("input \(i) has shape \(shape), expected [\(n)]")
      }
    }
    return [geometry.layout.fromLast(PartialShape(out))]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let first = hasNormalization ? 6 : 2
    let residual = epilogue.hasResidual ? [first + (epilogue.hasBias ? 1 : 0)] : []
    return try geometry.layout.lower(context, inputs: [0] + residual, outputs: [0]) { context in
      try HalfBridge.lower(context) { context in
        let window = try geometry.window(
          input: context.inputShape(0).dimensions, filter: context.inputShape(1).dimensions,
          depthwise: isDepthwise)
        guard hasNormalization else { return try product(context, window, epilogue) }
        let plain = try product(context, window, .none)
        return context.inputDType(0) == .double
          ? try normalized(plain, context, of: Double.self, bnk_nn_normalize_f64)
          : try normalized(plain, context, of: Float.self, bnk_nn_normalize_f32)
      }
    }
  }

  private func product(
    _ context: Lowering, _ window: ConvWindow, _ epilogue: Epilogue
  ) throws -> Kernel {
    let fast = FastConvolution(window: window, epilogue: epilogue, isDepthwise: isDepthwise)
    if let kernel = fast.kernel(context) { return kernel }
    guard isDepthwise else {
      return try context.inputDType(0).visitGemm(ConvForward(window: window, epilogue: epilogue))
    }
    return DepthwiseConvolution.kernel(window, epilogue, context.inputDType(0))
  }

  /// The convolution, then the normalization with inputs 2 to 5 and the rest in its output.
  private func normalized<T: BinaryFloatingPoint & Element>(
    _ plain: Kernel, _ context: Lowering, of type: T.Type,
    _ normalize: @escaping @Sendable (
      UnsafePointer<T>?, Int, Int, UnsafePointer<T>?, UnsafePointer<T>?, UnsafePointer<T>?,
      UnsafeMutablePointer<T>?
    ) -> Void
  ) throws -> Kernel {
    guard case .function(let inner) = plain else { return plain }
    let shape = context.outputShape(0)
    let channels = shape[shape.rank - 1]
    let rows = channels == 0 ? 0 : shape.count / channels
    let (epsilon, epilogue) = (T(epsilon), epilogue)
    let factorBytes = (channels * MemoryLayout<T>.stride + 63) & ~63
    return .function(
      KernelFunction(scratchBytes: max(inner.scratchBytes, factorBytes), label: inner.label) { io in
        try inner.body(io)
        guard rows > 0 else { return }
        func input(_ i: Int) -> UnsafePointer<T> { io.input(i).assumingMemoryBound(to: T.self) }
        let output = io.output(0).assumingMemoryBound(to: T.self)
        let scale = io.scratch(outputs: 1).assumingMemoryBound(to: T.self)
        for c in 0..<channels { scale[c] = input(2)[c] / (input(5)[c] + epsilon).squareRoot() }
        normalize(output, rows, channels, input(4), scale, input(3), output)
        EpiloguePointers<T>(epilogue, io, firstInput: 6, residualStride: channels).apply(
          row: 0, column: 0, rows: rows, columns: channels, output, stride: channels)
      })
  }
}
