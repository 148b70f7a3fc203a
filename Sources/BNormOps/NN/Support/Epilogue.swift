import BNormCore
import BNormTensor
import CBNormKernels

/// What happens to an element of a product before it is stored:
/// `act(x + bias + residual)` or `act(x + bias) + residual`.
struct Epilogue: Sendable, Equatable {
  enum Activation: UInt32, Sendable {
    case none, relu, relu6, clamp, leakyRelu, elu, selu, sigmoid, tanh, swish, hardSwish
    case hardSigmoid, gelu, geluTanh, softplus, softsign, mish
  }
  var hasBias = false
  var hasResidual = false
  var residualLast = false
  var activation = Activation.none
  var alpha: Float = 0
  var beta: Float = 0

  static let none = Epilogue()
  var isNothing: Bool { self == .none }

  /// The number of inputs that it reads, bias first.
  var inputCount: Int { (hasBias ? 1 : 0) + (hasResidual ? 1 : 0) }

  var c: bnk_nn_epilogue {
    bnk_nn_epilogue(
      activation: bnk_activation(rawValue: activation.rawValue), alpha: alpha, beta: beta,
      residual_last: residualLast ? 1 : 0)
  }

  /// The epilogue of the float kernels with the pointers of a run; its inputs begin at `firstInput`.
  func pointers(_ io: KernelIO, firstInput: Int, residualStride: Int) -> bnk_epilogue {
    bnk_epilogue(
      bias: hasBias ? io.input(firstInput).assumingMemoryBound(to: Float.self) : nil,
      statistics: nil, statistics_step: 0, statistics_fuse: false,
      residual: hasResidual
        ? io.input(firstInput + (hasBias ? 1 : 0)).assumingMemoryBound(to: Float.self) : nil,
      residual_stride: residualStride, residual_after_activation: residualLast,
      activation: bnk_activation(rawValue: activation.rawValue), alpha: alpha, beta: beta)
  }

  /// Sets the activation that a name of a `fused_ops` attribute means.
  mutating func activate(_ name: String, leakyReluAlpha: Float) throws {
    guard activation == .none else {
      throw BNormError.unsupported("attribute fused_ops has \(name) after another activation")
    }
    switch name {
    case "Relu": activation = .relu
    case "Relu6": activation = .relu6
    case "Elu":
      activation = .elu
      alpha = 1
    case "LeakyRelu":
      activation = .leakyRelu
      alpha = leakyReluAlpha
    case "Sigmoid": activation = .sigmoid
    case "Tanh": activation = .tanh
    case "GeluExact": activation = .gelu
    case "GeluApproximate": activation = .geluTanh
    case "_MklSwish", "Swish": activation = .swish
    case "_FusedHardSwish":
      activation = .hardSwish
      alpha = 1 / 6
      beta = 0.5
    default: throw BNormError.unsupported("attribute fused_ops has \(name)")
    }
  }
}

/// The pointers of an epilogue during a run.
struct EpiloguePointers<T> {
  var epilogue: bnk_nn_epilogue
  var isNothing: Bool
  var bias: UnsafePointer<T>?
  var residual: UnsafePointer<T>?
  /// Elements between rows of the residual.
  var residualStride: Int

  init(_ epilogue: Epilogue, _ io: KernelIO, firstInput: Int, residualStride: Int) {
    self.epilogue = epilogue.c
    isNothing = epilogue.isNothing
    bias = epilogue.hasBias ? io.input(firstInput).assumingMemoryBound(to: T.self) : nil
    residual =
      epilogue.hasResidual
      ? io.input(firstInput + (epilogue.hasBias ? 1 : 0)).assumingMemoryBound(to: T.self) : nil
    self.residualStride = residualStride
  }

  /// A bias alone.
  init(bias: UnsafePointer<T>) {
    epilogue = bnk_nn_epilogue()
    isNothing = false
    self.bias = bias
    residual = nil
    residualStride = 0
  }

  /// Applies it to a block of results that begins at (`row`, `column`) of the whole.
  func apply(
    row: Int, column: Int, rows: Int, columns: Int, _ x: UnsafeMutablePointer<T>, stride: Int
  ) {
    guard !isNothing else { return }
    let bias = UnsafeRawPointer(bias.map { $0 + column })
    let residual = UnsafeRawPointer(residual.map { $0 + row * residualStride + column })
    let x = UnsafeMutableRawPointer(x)
    withUnsafePointer(to: epilogue) { epilogue in
      if T.self == Float.self {
        bnk_nn_epilogue_f32(
          epilogue, bias?.assumingMemoryBound(to: Float.self),
          residual?.assumingMemoryBound(to: Float.self), residualStride, rows, columns,
          x.assumingMemoryBound(to: Float.self), stride)
      } else if T.self == Double.self {
        bnk_nn_epilogue_f64(
          epilogue, bias?.assumingMemoryBound(to: Double.self),
          residual?.assumingMemoryBound(to: Double.self), residualStride, rows, columns,
          x.assumingMemoryBound(to: Double.self), stride)
      }
    }
  }
}
