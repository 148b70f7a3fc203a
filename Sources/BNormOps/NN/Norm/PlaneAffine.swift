import BNormCore
import BNormTensor
import CBNormKernels

/// y = x * scale + shift, where scale and shift have the dimensions `kept` of x. Made by the
/// simplification passes; float.
struct PlaneAffine: PlannedOperation {
  static let opNames: [String] = []
  let kept: Range<Int>

  init(_ node: NodeContext) throws { kept = 0..<0 }
  init(kept: Range<Int>) { self.kept = kept }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    guard kept.upperBound <= shape.rank, shape.count > 0, context.inputDType(0) == .float,
      context.inputShape(1).count == shape.product(kept),
      context.inputShape(2).count == shape.product(kept)
    else {
      throw BNormError.unsupported(
        "input 0 has shape \(shape), but the factors have shape \(context.inputShape(1))")
    }
    let outer = shape.product(0..<kept.lowerBound)
    let channels = shape.product(kept)
    let inner = shape.product(kept.upperBound..<shape.rank)
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
