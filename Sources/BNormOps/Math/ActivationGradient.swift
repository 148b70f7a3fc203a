import BNormCore
import BNormTensor
import CBNormKernels

/// Gradients of element-wise functions: two inputs of one shape.
struct ActivationGradient: PlannedOperation {
  private static let table: [String: bnk_binary_op] = [
    "SigmoidGrad": BNK_BINARY_SIGMOID_GRAD, "TanhGrad": BNK_BINARY_TANH_GRAD,
    "SqrtGrad": BNK_BINARY_SQRT_GRAD, "RsqrtGrad": BNK_BINARY_RSQRT_GRAD,
    "InvGrad": BNK_BINARY_RECIPROCAL_GRAD, "ReciprocalGrad": BNK_BINARY_RECIPROCAL_GRAD,
    "ReluGrad": BNK_BINARY_RELU_GRAD, "Relu6Grad": BNK_BINARY_RELU6_GRAD,
    "EluGrad": BNK_BINARY_ELU_GRAD, "SeluGrad": BNK_BINARY_SELU_GRAD,
    "SoftplusGrad": BNK_BINARY_SOFTPLUS_GRAD, "SoftsignGrad": BNK_BINARY_SOFTSIGN_GRAD,
  ]
  static var opNames: [String] { Array(table.keys) }
  private let op: bnk_binary_op

  init(_ node: NodeContext) throws {
    op = ActivationGradient.table[node.op]!
    guard bnk_binary(op, node.inputDTypes[0].kernel) != nil else {
      throw BNormError.unsupported("\(node.op) of \(node.inputDTypes[0].name)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [try sameShape(inputs)] }
  func lower(_ context: Lowering) throws -> Kernel { try lowerBinary(op, context) }
}

/// x > 0 ? dy : alpha * dy.
struct LeakyReluGrad: PlannedOperation {
  static let opNames = ["LeakyReluGrad"]
  private let alpha: Float

  init(_ node: NodeContext) throws {
    alpha = try node.float("alpha")
    guard bnk_leaky_relu_grad(node.inputDTypes[0].kernel) != nil else {
      throw BNormError.unsupported("LeakyReluGrad of \(node.inputDTypes[0].name)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [try sameShape(inputs)] }

  func lower(_ context: Lowering) -> Kernel {
    let function = bnk_leaky_relu_grad(context.inputDType(0).kernel)!
    let alpha = alpha
    let count = context.inputShape(0).count
    return .run(inPlace: [InPlace(input: 0, output: 0), InPlace(input: 1, output: 0)]) { io in
      function(io.input(0), io.input(1), io.output(0), count, alpha)
    }
  }
}

/// The shape that all inputs have.
func sameShape(_ inputs: [Fact]) throws -> PartialShape {
  var shape = inputs[0].shape
  for (i, input) in inputs.enumerated().dropFirst() {
    guard let merged = shape.merged(input.shape) else {
      throw BNormError.invalid(
        "input \(i) has shape \(input.shape), but input 0 has shape \(inputs[0].shape)")
    }
    shape = merged
  }
  return shape
}

/// |x - y| < tolerance.
struct ApproximateEqual: PlannedOperation {
  static let opNames = ["ApproximateEqual"]
  private let tolerance: Float

  init(_ node: NodeContext) throws {
    tolerance = try node.float("tolerance")
    guard [.float, .double].contains(node.inputDTypes[0]) else {
      throw BNormError.unsupported("ApproximateEqual of \(node.inputDTypes[0].name)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [try sameShape(inputs)] }

  func lower(_ context: Lowering) -> Kernel {
    let dtype = context.inputDType(0).kernel
    let tolerance = tolerance
    let count = context.inputShape(0).count
    return .run { io in
      bnk_approximate_equal(
        dtype, io.input(0), io.input(1), io.output(0).assumingMemoryBound(to: UInt8.self), count,
        tolerance)
    }
  }
}
