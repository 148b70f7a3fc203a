import BNormCore
import BNormTensor

/// The gradient of a function, or of an op that is named as one: gradients of the inputs, given
/// the inputs and the gradients of the outputs.
struct SymbolicGradient: FunctionalOperation {
  static let opNames = ["SymbolicGradient"]
  private let function: FunctionReference

  init(_ node: NodeContext) throws { function = .gradient(of: try node.function("f")) }

  var functions: [FunctionReference] { [function] }
  func direct(_ inputs: [Fact]) -> DirectCall? { DirectCall(function, inputs: inputs.indices) }
  func bind(_ inputs: [Fact], _ binder: FunctionBinder) throws -> BoundOperation {
    try BoundCall.bind(function, inputs, binder)
  }
}
