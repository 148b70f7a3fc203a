import BNormCore
import BNormTensor
import CBNormKernels

/// Mean and variance of the channels, in one pass: what `tf.nn.moments` spells out. Made by the
/// simplification passes; the input may be narrower than float.
struct ChannelMoments: PlannedOperation {
  static let opNames: [String] = []
  /// The shapes that the two outputs have in the graph.
  var outputs: [PartialShape] = []
  /// The dimensions that are not reduced.
  var kept = 0..<0

  init(_ node: NodeContext) throws {}
  init(outputs: [PartialShape], kept: Range<Int>) {
    self.outputs = outputs
    self.kept = kept
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { outputs }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let type = bnk_dtype(rawValue: UInt32(context.inputDType(0).rawValue))
    guard [.float, .half, .bfloat16].contains(context.inputDType(0)), kept.upperBound <= shape.rank,
      shape.count > 0
    else {
      throw BNormError.unsupported("moments of \(context.inputDType(0).name) \(shape)")
    }
    let outer = shape.product(0..<kept.lowerBound)
    let channels = shape.product(kept)
    let inner = shape.product(kept.upperBound..<shape.rank)
    let bytes = inner == 1
      ? bnk_batch_norm_workspace_bytes(outer, channels)
      : bnk_batch_norm_planes_workspace_bytes(outer, channels)
    return .function(
      KernelFunction(scratchBytes: max(bytes, 64), label: "moments") { io in
        let mean = io.output(0).assumingMemoryBound(to: Float.self)
        let variance = io.output(1).assumingMemoryBound(to: Float.self)
        if inner == 1 {
          bnk_batch_norm_moments(
            type, outer, channels, io.input(0), mean, variance, io.scratch(outputs: 2))
        } else {
          bnk_batch_norm_planes_moments(
            type, outer, channels, inner, io.input(0), mean, variance, io.scratch(outputs: 2))
        }
      })
  }
}
