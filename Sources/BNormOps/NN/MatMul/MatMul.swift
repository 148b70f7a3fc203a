import BNormCore
import BNormTensor

/// The product of two matrices, either of them transposed, with what was fused into it.
struct MatMul: PlannedOperation {
  static let opNames = ["MatMul", "_FusedMatMul"]
  var transposeA: Bool
  var transposeB: Bool
  /// Its inputs follow the two matrices: the bias of the columns, then a matrix to add.
  var epilogue = Epilogue.none
  /// Factors of the columns of a constant float b: what was folded into the weights.
  var scale: Tensor?

  init(_ node: NodeContext) throws {
    transposeA = try node.bool("transpose_a")
    transposeB = try node.bool("transpose_b")
    guard node.op == "_FusedMatMul" else { return }
    let names = try node.strings("fused_ops").map(\.string)
    guard names.first == "BiasAdd" else {
      throw BNormError.unsupported("attribute fused_ops \(names)")
    }
    epilogue.hasBias = true
    for name in names.dropFirst() {
      if name == "Add" {
        epilogue.hasResidual = true
        epilogue.residualLast = epilogue.activation != .none
      } else {
        try epilogue.activate(name, leakyReluAlpha: try node.float("leakyrelu_alpha"))
      }
    }
    let count = try node.int("num_args")
    guard count == epilogue.inputCount else {
      throw BNormError.invalid(
        "attribute num_args is \(count), but fused_ops \(names) need \(epilogue.inputCount)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let a = inputs[0].shape
    let b = inputs[1].shape
    try a.requireRank(2, "input 0 (a)")
    try b.requireRank(2, "input 1 (b)")
    let (k0, k1) = (a[transposeA ? 0 : 1], b[transposeB ? 1 : 0])
    if let k0, let k1, k0 != k1 {
      throw BNormError.invalid(
        "input 0 (a) has shape \(a)\(transposeA ? " transposed" : "") and input 1 (b) has shape "
          + "\(b)\(transposeB ? " transposed" : ""): \(k0) columns meet \(k1) rows")
    }
    let n = b[transposeB ? 0 : 1]
    if epilogue.hasBias, let bias = inputs[2].shape.dimensions {
      let width = bias.last ?? 0
      guard width < 0 || n == nil || width == n, bias.dropLast().allSatisfy({ $0 == 1 }) else {
        throw BNormError.invalid("input 2 (bias) has shape \(inputs[2].shape), expected [\(n ?? -1)]")
      }
    }
    return [PartialShape([a[transposeA ? 1 : 0] ?? -1, n ?? -1])]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let a = context.inputShape(0)
    let b = context.inputShape(1)
    let product = MatrixProduct(
      m: transposeA ? a[1] : a[0], n: transposeB ? b[0] : b[1], k: transposeA ? a[0] : a[1],
      transposesA: transposeA, transposesB: transposeB, epilogue: epilogue, scale: scale)
    return try HalfBridge.lower(context) { try product.kernel($0) }
  }
}

/// The product of two float or bfloat16 matrices, one of which is said to hold many zeros.
struct SparseMatMul: PlannedOperation {
  static let opNames = ["SparseMatMul"]
  private let product: MatMul

  init(_ node: NodeContext) throws { product = try MatMul(node) }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { try product.infer(inputs) }
  func lower(_ context: Lowering) throws -> Kernel { try product.lower(context) }
}
