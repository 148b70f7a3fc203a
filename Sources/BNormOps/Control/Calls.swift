import BNormCore
import BNormTensor

/// A call of a function.
struct PartitionedCall: FunctionalOperation {
  static let opNames = ["PartitionedCall", "StatefulPartitionedCall", "RemoteCall"]
  let function: FunctionReference
  private let firstInput: Int

  init(_ node: NodeContext) throws {
    function = try node.function("f")
    firstInput = node.op == "RemoteCall" ? 1 : 0
  }

  var functions: [FunctionReference] { [function] }

  func direct(_ inputs: [Fact]) -> DirectCall? {
    DirectCall(function, inputs: firstInput..<inputs.count)
  }

  func bind(_ inputs: [Fact], _ binder: FunctionBinder) throws -> BoundOperation {
    let bound = try BoundCall.bind(function, Array(inputs[firstInput...]), binder)
    guard firstInput > 0 else { return bound }
    return BoundOperation(WithoutFirst(operation: bound.operation), outputs: bound.outputs)
  }
}

/// Runs an op without the first input: the target of a remote call.
private struct WithoutFirst: PlanOnlyOperation {
  let operation: any EagerOperation
  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    try operation.run(Array(inputs.dropFirst()), context)
  }
}
