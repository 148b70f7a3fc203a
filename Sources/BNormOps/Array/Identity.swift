import BNormCore
import BNormTensor

/// The input itself.
struct Identity: AliasOperation {
  static let opNames = [
    "Identity", "StopGradient", "PreventGradient", "Snapshot",
    "RefIdentity", "DeepCopy", "_Arg", "_Retval", "Copy", "CopyHost", "GuaranteeConst",
    "DebugIdentity", "DebugIdentityV2", "DebugIdentityV3", "DebugGradientIdentity",
    "DebugGradientRefIdentity",
  ]
  init(_ node: NodeContext) throws {}

  var movesElements: Bool { true }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { inputs.first.map { [$0.shape] } }
  func lower(_ context: Lowering) -> Kernel { .alias(input: 0) }
}

/// The input, unless something else is fed.
struct PlaceholderWithDefault: AliasOperation {
  static let opNames = ["PlaceholderWithDefault"]
  let shape: PartialShape

  init(_ node: NodeContext) throws { shape = try node.shape("shape") }

  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard let both = inputs[0].shape.merged(shape) else {
      throw BNormError.invalid(
        "input 0 has shape \(inputs[0].shape), but attribute shape is \(shape)")
    }
    return [both]
  }

  func lower(_ context: Lowering) -> Kernel { .alias(input: 0) }
}

/// A value that must be fed.
struct Placeholder: Operation {
  static let opNames = ["Placeholder", "PlaceholderV2"]
  let shape: PartialShape

  init(_ node: NodeContext) throws { shape = try node.shape("shape") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [shape] }
}

/// Nothing but an order: runs when its control inputs have run.
struct NoOp: EagerOperation {
  static let opNames = ["NoOp", "ControlTrigger"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [] }
  func run(_ inputs: [Tensor], _ context: RunContext) -> [Tensor] { [] }
}
