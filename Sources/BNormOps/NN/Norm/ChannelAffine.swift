import BNormCore
import BNormTensor
import CBNormKernels

/// y = act(x * scale + shift), with a scale and a shift for each channel: what a batch normalization
/// with known statistics is. Made by the simplification passes; float, channels last.
///
/// Inputs: x, scale, shift, each of the latter with as many elements as channels.
struct ChannelAffine: PlannedOperation {
  static let opNames: [String] = []
  var epilogue = Epilogue.none

  init(_ node: NodeContext) throws {}
  init(epilogue: Epilogue) { self.epilogue = epilogue }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    guard context.inputDType(0) == .float, let channels = shape.dimensions.last,
      context.inputShape(1).count == channels, context.inputShape(2).count == channels
    else {
      throw BNormError.unsupported(
        "input 0 has shape \(shape), but the factors have shape \(context.inputShape(1))")
    }
    let rows = channels == 0 ? 0 : shape.count / channels
    let epilogue = epilogue
    return .run(inPlace: [InPlace(input: 0, output: 0)], label: "affine") { io in
      guard rows > 0 else { return }
      bnk_batch_norm_apply(
        BNK_FLOAT, rows, channels, io.input(0),
        io.input(1).assumingMemoryBound(to: Float.self),
        io.input(2).assumingMemoryBound(to: Float.self),
        bnk_activation(rawValue: epilogue.activation.rawValue), epilogue.alpha, epilogue.beta,
        io.output(0))
    }
  }
}
