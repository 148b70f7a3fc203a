import BNormTensor

/// Makes functions and parts of graphs callable within a session.
public struct FunctionBinder: Sendable {
  public let functions: FunctionLibrary
  let session: SessionState
  let packs: PackCache
  /// Callables of functions that call themselves, which know nothing of their inputs.
  let shared: SharedCallables
  let stage: Stage
  /// The functions that are being planned, outermost first.
  var callStack: [String] = []

  /// nil: constants are not folded.
  var folder: ConstantFolder? {
    stage == .imported ? nil : ConstantFolder(runner: OneShotRunner(packs: packs, session: session))
  }

  func inside(_ callStack: [String]) -> FunctionBinder {
    var copy = self
    copy.callStack = callStack
    return copy
  }

  /// Simplifies the graph of a plan and turns it into steps.
  func plan(_ planGraph: PlanGraph, graph: Graph, externalFetches: Bool = false) throws -> Plan {
    var planGraph = planGraph
    for pass in stage == .imported ? [] : functions.library.passes {
      do { try pass.run(&planGraph) } catch let error as BNormError {
        throw error.prefixed("pass \(pass.name)")
      }
    }
    var planner = Planner(
      planGraph, graph: graph, packs: packs, lowersAhead: stage == .planned,
      externalFetches: externalFetches)
    return try planner.make()
  }

  /// `function` is being planned already, or too many others that lead to it: it is planned when it
  /// runs, since a stack has only so much room.
  func isTooDeep(_ function: FunctionReference) -> Bool {
    callStack.count >= PlanGraphBuilder.inliningDepth || callStack.contains(function.name)
  }

  /// `function`, ready to be called with inputs of which `inputs` is known.
  public func callable(_ function: FunctionReference, _ inputs: [Fact]) throws -> Callable {
    if isTooDeep(function) { return try callable(function) }
    let body = try functions.body(function)
    try body.checkArguments(function.name, inputs.map(\.dtype))
    return Callable(
      inputs, graph: body, binder: inside(callStack + [function.name])
    ) { builder, given in
      try builder.include(body.bodyRegion(), given: given, isBody: true)
    }
  }

  /// `function`, ready to be called with any inputs; the same object for the same function.
  public func callable(_ function: FunctionReference) throws -> Callable {
    let body = try functions.body(function)
    return shared.find(body) {
      let facts = body.arguments.map {
        Fact(body.nodes[Int($0.node)].outputDTypes[0], .unknown)
      }
      return Callable(facts, graph: body, binder: inside([function.name])) { builder, given in
        try builder.include(body.bodyRegion(), given: given, isBody: true)
      }
    }
  }
}

/// Callables by function body.
final class SharedCallables: @unchecked Sendable {
  private let lock = Lock()
  private var known: [ObjectIdentifier: Callable] = [:]

  func find(_ body: Graph, make: () -> Callable) -> Callable {
    lock.withLock {
      if let found = known[ObjectIdentifier(body)] { return found }
      let made = make()
      known[ObjectIdentifier(body)] = made
      return made
    }
  }
}
