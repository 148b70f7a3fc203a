import BNormCore
import BNormTensor
import CBNormKernels

/// Batch normalization of the first TensorFlow versions.
///
/// Inputs: t, mean, variance, beta, gamma.
struct GlobalNormalization: PlannedOperation {
  static let opNames = ["BatchNormWithGlobalNormalization"]
  let epsilon: Float
  let scales: Bool

  init(_ node: NodeContext) throws {
    epsilon = try node.float("variance_epsilon")
    scales = try node.bool("scale_after_normalization")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    [try GlobalNormalization.shape(inputs, vectors: 1..<5)]
  }

  /// The shape of input 0, its channels checked against those of the vectors.
  static func shape(_ inputs: [Fact], vectors: Range<Int>) throws -> PartialShape {
    try inputs[0].shape.requireRank(4, "input 0 (t)")
    var shape = inputs[0].shape.dimensions ?? [-1, -1, -1, -1]
    for i in vectors {
      try inputs[i].shape.requireRank(1, "input \(i)")
      guard let count = inputs[i].shape[0] else { continue }
      guard shape[3] < 0 || shape[3] == count else {
        throw BNormError.invalid(
          "input \(i) has shape \(inputs[i].shape), but input 0 has \(shape[3]) channels")
      }
      shape[3] = count
    }
    return PartialShape(shape)
  }

  func lower(_ context: Lowering) throws -> Kernel {
    try HalfBridge.lower(context) { context in
      let shape = context.inputShape(0)
      return context.inputDType(0) == .double
        ? kernel(shape, bnk_nn_normalize_f64) : kernel(shape, bnk_nn_normalize_f32)
    }
  }

  private func kernel<T: BinaryFloatingPoint & Element>(
    _ shape: Shape,
    _ normalize: @escaping @Sendable (
      UnsafePointer<T>?, Int, Int, UnsafePointer<T>?, UnsafePointer<T>?, UnsafePointer<T>?,
      UnsafeMutablePointer<T>?
    ) -> Void
  ) -> Kernel {
    let channels = shape[3]
    let rows = shape.product(0..<3)
    let (epsilon, scales) = (T(epsilon), scales)
    return .function(
      KernelFunction(scratchBytes: channels * MemoryLayout<T>.stride) { io in
        func input(_ i: Int) -> UnsafePointer<T> { io.input(i).assumingMemoryBound(to: T.self) }
        let scale = io.scratch(outputs: 1).assumingMemoryBound(to: T.self)
        for c in 0..<channels {
          scale[c] = (scales ? input(4)[c] : 1) / (input(2)[c] + epsilon).squareRoot()
        }
        normalize(
          input(0), rows, channels, input(1), scale, input(3),
          io.output(0).assumingMemoryBound(to: T.self))
      })
  }
}

/// Its gradient. Inputs: t, mean, variance, gamma, gradient. Outputs: gradients of t, mean,
/// variance, beta, gamma.
struct GlobalNormalizationGrad: PlannedOperation {
  static let opNames = ["BatchNormWithGlobalNormalizationGrad"]
  let epsilon: Float
  let scales: Bool

  init(_ node: NodeContext) throws {
    epsilon = try node.float("variance_epsilon")
    scales = try node.bool("scale_after_normalization")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let shape = try GlobalNormalization.shape(inputs, vectors: 1..<4)
    guard let merged = shape.merged(inputs[4].shape) else {
      throw BNormError.invalid(
        "input 4 (backprop) has shape \(inputs[4].shape), but input 0 has shape \(shape)")
    }
    let vector = PartialShape.vector(merged[3])
    return [merged, vector, vector, vector, vector]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    try HalfBridge.lower(context) { context in
      let shape = context.inputShape(0)
      return context.inputDType(0) == .double
        ? kernel(shape, bnk_nn_norm_sums_f64, bnk_nn_norm_grad_f64)
        : kernel(shape, bnk_nn_norm_sums_f32, bnk_nn_norm_grad_f32)
    }
  }

  private func kernel<T: BinaryFloatingPoint & Element>(
    _ shape: Shape,
    _ sum: @escaping @Sendable (
      UnsafePointer<T>?, UnsafePointer<T>?, UnsafePointer<T>?, Int, Int, UnsafeMutablePointer<T>?,
      UnsafeMutablePointer<T>?
    ) -> Void,
    _ gradient: @escaping @Sendable (
      UnsafePointer<T>?, UnsafePointer<T>?, UnsafePointer<T>?, UnsafePointer<T>?,
      UnsafePointer<T>?, UnsafePointer<T>?, Int, Int, UnsafeMutablePointer<T>?
    ) -> Void
  ) -> Kernel {
    let channels = shape[3]
    let rows = shape.product(0..<3)
    let (epsilon, scales) = (T(epsilon), scales)
    return .function(
      KernelFunction(scratchBytes: 3 * channels * MemoryLayout<T>.stride) { io in
        func input(_ i: Int) -> UnsafePointer<T> { io.input(i).assumingMemoryBound(to: T.self) }
        func output(_ i: Int) -> UnsafeMutablePointer<T> {
          io.output(i).assumingMemoryBound(to: T.self)
        }
        let sums = io.scratch(outputs: 5).assumingMemoryBound(to: T.self)
        let (factor, zero) = (sums + channels, sums + 2 * channels)
        sum(input(4), input(0), input(1), rows, channels, output(3), sums)
        for c in 0..<channels {
          let inverse = 1 / (input(2)[c] + epsilon).squareRoot()
          let scale = scales ? input(3)[c] : 1
          factor[c] = inverse * scale
          zero[c] = 0
          output(1)[c] = -output(3)[c] * factor[c]
          output(2)[c] = sums[c] * factor[c] * inverse * inverse * -0.5
          output(4)[c] = scales ? sums[c] * inverse : 0
        }
        gradient(
          input(4), input(0), input(1), factor, zero, zero, rows, channels, output(0))
      })
  }
}
