import BNormTensor

extension PlanGraphBuilder {
  /// Writes the call out in place, or binds it to run its functions by itself.
  mutating func addCall(
    _ index: Int32, _ node: Node, _ operation: any FunctionalOperation, _ inputs: [ValueID],
    _ controls: [Int32], _ scope: BuildScope
  ) throws {
    let facts = inputs.map { plan.fact($0) }
    if let direct = try operation.direct(facts), !callStack.contains(direct.function.name),
      plan.nodes.count < PlanGraphBuilder.inliningLimit,
      callStack.count < PlanGraphBuilder.inliningDepth,
      !isDeadable(controls + inputs.map(\.node)),
      direct.inputs.allSatisfy(inputs.indices.contains)
    {
      return try inline(index, node, direct, inputs, controls, scope)
    }
    let bound = try operation.bind(facts, binder.inside(callStack))
    var outputs = node.outputFacts
    for (i, shape) in bound.outputs.enumerated() where i < outputs.count { outputs[i].shape = shape }
    let made = append(
      PlanGraph.Node(
        name: node.name, op: node.op, operation: bound.operation, role: .operation, inputs: inputs,
        controls: controls, outputs: outputs, isStateful: node.isStateful, source: index,
        origin: ObjectIdentifier(scope.graph)))
    define(index, node, scope, outputs.indices.map { ValueID(Int(made), $0) }, waits: [made])
  }

  private mutating func inline(
    _ index: Int32, _ node: Node, _ direct: DirectCall, _ inputs: [ValueID], _ controls: [Int32],
    _ scope: BuildScope
  ) throws {
    let made = try include(direct.function, direct.inputs.map { inputs[$0] }, controls: controls)
    guard made.results.count == node.outputDTypes.count else {
      throw BNormError.invalid(
        "function \"\(direct.function.name)\" has \(made.results.count) results, but the node has "
          + "\(node.outputDTypes.count) outputs")
    }
    for (i, value) in made.results.enumerated() {
      guard value != BuildScope.dead else {
        throw BNormError.invalid(
          "result \(i) of function \"\(direct.function.name)\" is on a branch not taken")
      }
      guard plan.fact(value).dtype == node.outputDTypes[i] else {
        throw BNormError.invalid(
          "result \(i) of function \"\(direct.function.name)\" has dtype "
            + "\(plan.fact(value).dtype.name), expected \(node.outputDTypes[i].name)")
      }
    }
    let effects = relevant(made.effects + controls)
    var results = made.results
    if !effects.isEmpty {
      results = results.map { forwarded($0, node.name, controls: effects) }
    }
    define(index, node, scope, results, waits: effects + results.map(\.node))
    plan.targets += effects
  }
}

extension Graph {
  /// Throws unless values of `dtypes` are what the function takes.
  func checkArguments(_ name: String, _ dtypes: [DType]) throws {
    guard dtypes.count == arguments.count else {
      throw BNormError.invalid(
        "function \"\(name)\" takes \(arguments.count) inputs, got \(dtypes.count)")
    }
    for (i, dtype) in dtypes.enumerated() {
      let expected = nodes[Int(arguments[i].node)].outputDTypes[0]
      guard dtype == expected else {
        throw BNormError.invalid(
          "function \"\(name)\": input \(i) has dtype \(dtype.name), expected \(expected.name)")
      }
    }
  }
}
