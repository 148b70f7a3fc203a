import BNormCore
import BNormTensor
import CBNormKernels

/// y = x * scale + shift, where scale and shift have the dimensions `kept` of x. Made by the
/// simplification passes; float, half and bfloat16, the last two rounded as by two ops.
struct PlaneAffine: PlannedOperation {
  static let opNames: [String] = []
  static let dtypes: Set<DType> = [.float, .half, .bfloat16]
  let kept: Range<Int>

  init(_ node: NodeContext) throws { kept = 0..<0 }
  init(kept: Range<Int>) { self.kept = kept }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let dtype = context.inputDType(0)
    guard kept.upperBound <= shape.rank, shape.count > 0, PlaneAffine.dtypes.contains(dtype),
      context.inputShape(1).count == shape.product(kept),
      context.inputShape(2).count == shape.product(kept)
    else {
      throw BNormError.unsupported(
        "input 0 has shape \(shape), but the factors have shape \(context.inputShape(1))")
    }
    let outer = shape.product(0..<kept.lowerBound)
    let channels = shape.product(kept)
    let inner = shape.product(kept.upperBound..<shape.rank)
    guard dtype == .float else {
      let type = bnk_dtype(rawValue: UInt32(dtype.rawValue))
      return .function(
        KernelFunction(
          scratchBytes: 2 * channels * 4, inPlace: [InPlace(input: 0, output: 0)], label: "affine"
        ) { io in
          bnk_batch_norm_apply_rounded(
            type, outer, channels, inner, io.input(0), io.input(1), io.input(2),
            io.scratch(outputs: 1).assumingMemoryBound(to: Float.self), io.output(0))
        })
    }
    return .run(inPlace: [InPlace(input: 0, output: 0)], label: "affine") { io in
      let scale = io.input(1).assumingMemoryBound(to: Float.self)
      let shift = io.input(2).assumingMemoryBound(to: Float.self)
      if inner == 1 {
        bnk_batch_norm_apply(
          BNK_FLOAT, outer, channels, io.input(0), scale, shift, BNK_ACT_NONE, 0, 0, io.output(0))
      } else {
        bnk_batch_norm_planes_apply(
          BNK_FLOAT, outer, channels, inner, io.input(0), scale, shift, io.output(0))
      }
    }
  }
}
