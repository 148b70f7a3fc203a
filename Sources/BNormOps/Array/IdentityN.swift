import BNormCore
import BNormTensor
import CBNormKernels

/// The inputs themselves, all at once.
struct IdentityN: PlannedOperation {
  static let opNames = ["IdentityN"]
  init(_ node: NodeContext) throws {}

  var movesElements: Bool { true }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { inputs.map(\.shape) }

  func lower(_ context: Lowering) -> Kernel {
    guard context.inputs.count != 1 else { return .alias(input: 0) }
    let bytes = context.inputs.indices.map {
      context.inputShape($0).count * context.inputDType($0).size
    }
    return .run(inPlace: bytes.indices.map { InPlace(input: $0, output: $0) }) { io in
      for (i, count) in bytes.enumerated() where io.input(i) != UnsafeRawPointer(io.output(i)) {
        bnk_copy_bytes(io.output(i), io.input(i), count)
      }
    }
  }
}
