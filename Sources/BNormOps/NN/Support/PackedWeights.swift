import BNormCore
import BNormTensor
import CBNormKernels

/// Constant weights in the layout of the float kernels.
enum PackedWeights {
  /// B[k,n], or its transpose, each column multiplied with its entry of `scale`.
  static func matrix(
    _ context: Lowering, _ weights: Tensor, k: Int, n: Int, isTransposed: Bool, scale: Tensor?
  ) -> TensorStorage {
    context.packed(
      weights, layout: "gemm \(k) \(n) \(isTransposed) \(bnk_tier().rawValue)", factors: scale,
      byteCount: bnk_gemm_f32_packed_bytes(k, n)
    ) { source, target in
      bnk_gemm_f32_pack_b(
        k, n, source, isTransposed ? k : n, isTransposed,
        scale?.elements(Float.self).baseAddress, target.assumingMemoryBound(to: Float.self))
    }
  }

  /// The filter of a convolution, each output multiplied with its entry of `scale`.
  static func filter(
    _ context: Lowering, _ weights: Tensor, _ plan: bnk_conv2d_plan, scale: Tensor?
  ) -> TensorStorage {
    let kind = "conv \(plan.algorithm.rawValue) \(plan.packed_bytes) \(plan.shape.groups)"
    return context.packed(
      weights, layout: "\(kind) \(bnk_tier().rawValue)", factors: scale,
      byteCount: plan.packed_bytes
    ) { source, target in
      withUnsafePointer(to: plan) {
        bnk_conv2d_pack_weights(
          $0, source, scale?.elements(Float.self).baseAddress,
          target.assumingMemoryBound(to: Float.self))
      }
    }
  }
}
