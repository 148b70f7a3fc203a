import BNormCore
import BNormTensor
import CBNormKernels

/// An activation that the graph spells out as several nodes. Made by the simplification passes;
/// float.
struct FusedActivation: PlannedOperation {
  static let opNames: [String] = []
  var epilogue = Epilogue.none

  init(_ node: NodeContext) throws {}
  init(epilogue: Epilogue) { self.epilogue = epilogue }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) throws -> Kernel {
    guard context.inputDType(0) == .float else {
      throw BNormError.unsupported("an activation of \(context.inputDType(0).name)")
    }
    let count = context.inputShape(0).count
    let epilogue = epilogue
    return .run(inPlace: [InPlace(input: 0, output: 0)], label: "activation") { io in
      bnk_activate_f32(
        bnk_activation(rawValue: epilogue.activation.rawValue), epilogue.alpha, epilogue.beta,
        count, io.input(0).assumingMemoryBound(to: Float.self),
        io.output(0).assumingMemoryBound(to: Float.self))
    }
  }
}
