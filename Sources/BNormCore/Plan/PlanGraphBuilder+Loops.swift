import BNormTensor

extension PlanGraphBuilder {
  /// Makes one node of a while loop.
  mutating func addLoop(_ loop: LoopFrame, _ scope: BuildScope) throws {
    let graph = scope.graph
    var inputs: [ValueID] = []
    var controls: [Int32] = []
    let entries = loop.variables.map(\.enter) + loop.invariants
    var isNeverRun = false
    for entry in entries {
      let node = graph.nodes[Int(entry)]
      let byReference = node.inputIsReference.first ?? false
      inputs.append(
        byReference
          ? try reference(node.inputs[0], scope)
          : try value(for: node.inputs[0], reader: node, scope))
      for control in node.controls {
        if scope.deadNodes.contains(control) { isNeverRun = true }
        controls += scope.waits[control] ?? []
      }
    }
    if isNeverRun || inputs.contains(BuildScope.dead) {
      for exit in loop.exits {
        scope.values[ValueID(Int(exit), 0)] = BuildScope.dead
        scope.waits[exit] = []
        scope.deadNodes.insert(exit)
      }
      return
    }
    controls = relevant(controls + inherited(inputs))
    if loop.hasEffects { controls += scope.controls.filter { !controls.contains($0) } }
    guard loop.condition != nil else {
      let made = try include(loop.exitRegion, given: inputs, controls: controls)
      for (exit, value) in zip(loop.exits, made.results) {
        define(exit, graph.nodes[Int(exit)], scope, [value], waits: [value.node] + made.effects)
      }
      return
    }
    let facts = inputs.map { plan.fact($0) }
    let count = loop.variables.count
    let program = LoopProgram(
      LoopFrame.parts(loop), variables: Array(facts[..<count]), invariants: Array(facts[count...]),
      binder: binder.inside(callStack))
    let picked = loop.exitVariables
    var outputs = loop.exits.map { graph.nodes[Int($0)].outputFacts[0] }
    for i in outputs.indices {
      let source = picked?[i] ?? i
      if source < program.outputShapes.count { outputs[i].shape = program.outputShapes[source] }
    }
    let operation: any EagerOperation =
      picked.map { PickedLoop(program: program, outputs: $0) } ?? program
    let made = append(
      PlanGraph.Node(
        name: loop.name, op: "While", operation: operation, role: .operation, inputs: inputs,
        controls: controls, outputs: outputs, isStateful: loop.hasEffects, source: loop.exits.first ?? -1,
        origin: ObjectIdentifier(graph)))
    for (i, exit) in loop.exits.enumerated() {
      define(exit, graph.nodes[Int(exit)], scope, [ValueID(Int(made), i)], waits: [made])
    }
  }
}

extension LoopFrame {
  /// The loop as the program that runs it takes it.
  static func parts(_ loop: LoopFrame) -> LoopProgram.Parts {
    let condition = loop.conditionRegion
    let body = loop.bodyRegion
    var finish: Callable.Recipe?
    if loop.exitVariables == nil {
      let region = loop.exitRegion
      finish = { builder, given in try builder.include(region, given: given) }
    }
    let count = loop.variables.count
    let extraCount = loop.extras.count
    return LoopProgram.Parts(
      graph: loop.graph,
      first: { builder, given in try builder.include(condition, given: given) },
      next: { builder, given in
        let made = try builder.include(body, given: given)
        let effects = builder.relevant(made.effects)
        let test = try builder.include(
          condition, given: made.results + given[(count + extraCount)...], controls: effects)
        return PlanGraphBuilder.Inclusion(
          results: made.results + test.results, effects: made.effects + test.effects)
      },
      finish: finish,
      extras: loop.extras.map {
        loop.graph.nodes[Int($0.node)].outputFacts[Int($0.port)]
      })
  }
}

/// A loop of whose variables only some leave, some perhaps more than once.
struct PickedLoop: ConsumingOperation, PlanOnlyOperation {
  let program: LoopProgram
  let outputs: [Int]

  func run(consuming inputs: inout [Tensor], _ context: RunContext) throws -> [Tensor] {
    let made = try program.run(consuming: &inputs, context)
    return outputs.map { made[$0] }
  }
}
