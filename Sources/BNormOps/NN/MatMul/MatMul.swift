import BNormCore
import BNormTensor
import CBNormKernels

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
      guard bias.count == 1, bias[0] < 0 || n == nil || bias[0] == n else {
        throw BNormError.invalid("input 2 (bias) has shape \(inputs[2].shape), expected [\(n ?? -1)]")
      }
    }
    return [PartialShape([a[transposeA ? 1 : 0] ?? -1, n ?? -1])]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    try HalfBridge.lower(context) { context in
      if let kernel = packedKernel(context) { return kernel }
      return try context.inputDType(0).visitGemm(Maker(operation: self, context: context))
    }
  }

  /// The kernel for constant float weights, packed ahead, or at each run if they are not known yet
  /// but have factors to be multiplied with.
  private func packedKernel(_ context: Lowering) -> Kernel? {
    let weights = context.value(1)
    guard context.inputDType(0) == .float, !transposeA, weights != nil || scale != nil else {
      return nil
    }
    let a = context.inputShape(0)
    let b = context.inputShape(1)
    let (m, k) = (a[0], a[1])
    let (n, transposeB) = (transposeB ? b[0] : b[1], transposeB)
    guard m > 0, n > 0 else { return .run { _ in } }
    let packed = weights.map {
      PackedWeights.matrix(
        context, $0, k: k, n: n, isTransposed: transposeB, scale: self.scale)
    }
    let workspace = bnk_gemm_f32_workspace_bytes(m, n, k, k)
    let packedBytes = packed == nil ? (bnk_gemm_f32_packed_bytes(k, n) + 63) & ~63 : 0
    let epilogue = epilogue
    let scale = scale
    return .function(
      KernelFunction(scratchBytes: packedBytes + workspace, label: "packed gemm") { io in
        let scratch = packedBytes + workspace > 0 ? io.scratch(outputs: 1) : nil
        let right = (packed?.pointer ?? scratch!).assumingMemoryBound(to: Float.self)
        if packed == nil {
          bnk_gemm_f32_pack_b(
            k, n, io.input(1), transposeB ? k : n, transposeB,
            scale?.elements(Float.self).baseAddress, right)
        }
        var last = epilogue.pointers(io, firstInput: 2, residualStride: n)
        bnk_gemm_f32(
          m, n, k, io.input(0).assumingMemoryBound(to: Float.self), k, right, &last,
          io.output(0).assumingMemoryBound(to: Float.self), n,
          workspace > 0 ? scratch! + packedBytes : nil, workspace)
      })
  }

  private struct Maker: GemmVisitor {
    let operation: MatMul
    let context: Lowering

    func visit<T: GemmElement>(_ type: T.Type) throws -> Kernel {
      let a = context.inputShape(0)
      let b = context.inputShape(1)
      let (transposeA, transposeB) = (operation.transposeA, operation.transposeB)
      let epilogue = operation.epilogue
      let m = transposeA ? a[1] : a[0]
      let k = transposeA ? a[0] : a[1]
      let n = transposeB ? b[0] : b[1]
      try Gemm.prepare(m, n, k)
      return .run(label: "gemm") { io in
        let left = MatrixView(
          pointer: io.input(0).assumingMemoryBound(to: T.self), rowStride: max(a[1], 1),
          isTransposed: transposeA)
        let right = MatrixView(
          pointer: io.input(1).assumingMemoryBound(to: T.self), rowStride: max(b[1], 1),
          isTransposed: transposeB)
        let out = io.output(0).assumingMemoryBound(to: T.self)
        Gemm.multiply(
          m, n, k, left, right, out, ldc: max(n, 1),
          EpiloguePointers<T>(epilogue, io, firstInput: 2, residualStride: n))
      }
    }
  }
}
