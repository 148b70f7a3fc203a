import BNormCore
import BNormTensor
import CBNormKernels

/// The kernel of one product of matrices: inputs 0 and 1 of the step, then those of the epilogue.
struct MatrixProduct: GemmVisitor {
  var m: Int
  var n: Int
  var k: Int
  var transposesA = false
  var transposesB = false
  var conjugates = false
  var epilogue = Epilogue.none
  /// Factors of the columns of float b.
  var scale: Tensor?

  func kernel(_ context: Lowering) throws -> Kernel {
    if let kernel = packedKernel(context) { return kernel }
    return try context.inputDType(0).visitGemm(self)
  }

  /// The kernel for constant float weights, packed ahead, or at each run if they are not known yet
  /// but have factors to be multiplied with.
  private func packedKernel(_ context: Lowering) -> Kernel? {
    let weights = context.value(1)
    guard context.inputDType(0) == .float, !transposesA, weights != nil || scale != nil else {
      return nil
    }
    guard m > 0, n > 0 else { return .run { _ in } }
    let (m, n, k, transposesB, epilogue, scale) = (m, n, k, transposesB, epilogue, scale)
    let packed = weights.map {
      PackedWeights.matrix(context, $0, k: k, n: n, isTransposed: transposesB, scale: scale)
    }
    let workspace = bnk_gemm_f32_workspace_bytes(m, n, k, k)
    let packedBytes = packed == nil ? (bnk_gemm_f32_packed_bytes(k, n) + 63) & ~63 : 0
    return .function(
      KernelFunction(
        scratchBytes: packedBytes + workspace, unread: packed == nil ? [] : [1],
        label: "packed gemm"
      ) { io in
        let scratch = packedBytes + workspace > 0 ? io.scratch(outputs: 1) : nil
        let right = (packed?.pointer ?? scratch!).assumingMemoryBound(to: Float.self)
        if packed == nil {
          bnk_gemm_f32_pack_b(
            k, n, io.input(1), transposesB ? k : n, transposesB,
            scale?.elements(Float.self).baseAddress, right)
        }
        var last = epilogue.pointers(io, firstInput: 2, residualStride: n)
        bnk_gemm_f32(
          m, n, k, io.input(0).assumingMemoryBound(to: Float.self), k, right, &last,
          io.output(0).assumingMemoryBound(to: Float.self), n,
          workspace > 0 ? scratch! + packedBytes : nil, workspace)
      })
  }

  func visit<T: GemmElement>(_ type: T.Type) throws -> Kernel {
    try Gemm.prepare(m, n, k)
    let (m, n, k, conjugates, epilogue) = (m, n, k, conjugates, epilogue)
    let (transposesA, transposesB) = (transposesA, transposesB)
    return .run(label: "gemm") { io in
      let a = MatrixView(
        pointer: io.input(0).assumingMemoryBound(to: T.self),
        rowStride: max(transposesA ? m : k, 1), isTransposed: transposesA,
        isConjugated: conjugates && transposesA)
      let b = MatrixView(
        pointer: io.input(1).assumingMemoryBound(to: T.self),
        rowStride: max(transposesB ? k : n, 1), isTransposed: transposesB,
        isConjugated: conjugates && transposesB)
      Gemm.multiply(
        m, n, k, a, b, io.output(0).assumingMemoryBound(to: T.self), ldc: max(n, 1),
        EpiloguePointers<T>(epilogue, io, firstInput: 2, residualStride: n))
    }
  }
}
