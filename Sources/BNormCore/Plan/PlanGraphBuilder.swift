import BNormTensor

/// Gathers the parts of graphs that one plan runs, with calls of functions written out and loops
/// made single nodes, and facts about all values.
struct PlanGraphBuilder {
  let binder: FunctionBinder
  var plan = PlanGraph()
  /// By plan node: whether nothing of what it runs has an effect, and whether it may be on a
  /// branch not taken.
  private var isPure: [Bool] = []
  private var mayBeDead: [Bool] = []
  /// By plan node that changes a reference's variable: the node that makes the variable.
  var updated: [Int32: Int32] = [:]
  /// By plan node: such nodes that have run when it has.
  var updates: [Int32: Set<Int32>] = [:]
  /// The functions that are being written out.
  var callStack: [String]

  /// Nodes beyond which calls are no longer written out.
  static let inliningLimit = 200_000
  /// Functions within functions beyond which calls are no longer written out: stacks are finite.
  static let inliningDepth = 64

  init(binder: FunctionBinder) {
    self.binder = binder
    callStack = binder.callStack
  }

  /// What including a part of a graph gave: plan values, `BuildScope.dead` for those on a branch
  /// that is never taken, and the plan nodes that must run besides.
  struct Inclusion {
    var results: [ValueID]
    var effects: [Int32]
  }

  /// The plan's graph for what `recipe` includes.
  static func build(
    _ inputs: [(fact: Fact, name: String)], binder: FunctionBinder,
    _ recipe: (inout PlanGraphBuilder, [ValueID]) throws -> Inclusion
  ) throws -> PlanGraph {
    var builder = PlanGraphBuilder(binder: binder)
    var given: [ValueID] = []
    for (i, input) in inputs.enumerated() { given.append(builder.addInput(i, input.fact, input.name)) }
    let made = try recipe(&builder, given)
    builder.plan.fetches = try made.results.map { value in
      guard value != BuildScope.dead else {
        throw BNormError.invalid("a fetched value is never computed: it is on a branch not taken")
      }
      return builder.settled(value, builder.plan[Int(value.node)].name)
    }
    builder.plan.targets += made.effects
    return builder.plan
  }

  private mutating func addInput(_ index: Int, _ fact: Fact, _ name: String) -> ValueID {
    if let value = fact.value { return addConstant(value, name: name) }
    let node = append(
      PlanGraph.Node(
        name: name, op: "Feed", operation: nil, role: .feed(index), inputs: [], controls: [],
        outputs: [fact], isStateful: false, source: -1))
    return ValueID(Int(node), 0)
  }

  // MARK: Including parts

  /// Adds what `region` needs, given plan values for its feeds. What has an effect waits for
  /// `controls`.
  mutating func include(
    _ region: Region, given: [ValueID], controls: [Int32] = [], isBody: Bool = false
  ) throws -> Inclusion {
    let scope = BuildScope(region, given: given, controls: controls, isBody: isBody)
    let needed = region.neededNodes()
    for item in try LoopAnalysis.order(needed, region) {
      switch item {
      case .node(let index):
        let node = region.graph.nodes[Int(index)]
        do { try addNode(index, node, scope) } catch let error as BNormError {
          throw error.prefixed(region.graph.label(Int(index)))
        }
      case .loop(let loop):
        do { try addLoop(loop, scope) } catch let error as BNormError {
          throw error.prefixed("while loop \"\(loop.name)\"")
        }
      }
    }
    let results = try region.fetches.enumerated().map { i, fetch -> ValueID in
      if region.referenceFetches.contains(i) { return try reference(fetch, scope) }
      let source = region.graph.nodes[Int(fetch.node)]
      return try value(for: fetch, reader: source, scope)
    }
    var effects: [Int32] = []
    for target in region.targets { effects += scope.waits[target] ?? [] }
    return Inclusion(results: results, effects: effects)
  }

  /// Adds the body of `function`.
  mutating func include(
    _ function: FunctionReference, _ inputs: [ValueID], controls: [Int32] = []
  ) throws -> Inclusion {
    let body = try binder.functions.body(function)
    try body.checkArguments(function.name, inputs.map { plan.fact($0).dtype })
    callStack.append(function.name)
    defer { callStack.removeLast() }
    return try include(body.bodyRegion(), given: inputs, controls: controls, isBody: true)
  }

  // MARK: Plan nodes

  @discardableResult
  mutating func append(_ node: PlanGraph.Node) -> Int32 {
    let sources = node.inputs.map(\.node) + node.controls
    isPure.append(!node.isStateful && sources.allSatisfy { isPure[Int($0)] })
    var dead = sources.contains { mayBeDead[Int($0)] }
    if case .conditional(.switch) = node.role { dead = true }
    mayBeDead.append(dead)
    plan.nodes.append(node)
    let made = Int32(plan.nodes.count - 1)
    if !updates.isEmpty { inheritUpdates(made, sources) }
    return made
  }

  private mutating func inheritUpdates(_ made: Int32, _ sources: [Int32]) {
    var union: Set<Int32> = []
    for source in sources {
      guard let more = updates[source] else { continue }
      if union.isEmpty { union = more } else { union.formUnion(more) }
    }
    if !union.isEmpty { updates[made] = union }
  }

  mutating func addConstant(_ tensor: Tensor, name: String, controls: [Int32] = []) -> ValueID {
    let node = append(
      PlanGraph.Node(
        name: name, op: "Const", operation: nil, role: .constant, inputs: [], controls: controls,
        outputs: [Fact(constant: tensor)], isStateful: false, source: -1))
    return ValueID(Int(node), 0)
  }

  func isDeadable(_ nodes: [Int32]) -> Bool { nodes.contains { mayBeDead[Int($0)] } }

  /// Of `controls`, those that make a difference: a branch that may not be taken, or an effect.
  /// Who waits for a constant waits for what the constant waits for.
  func relevant(_ controls: [Int32]) -> [Int32] {
    var out: [Int32] = []
    for control in controls where mayBeDead[Int(control)] || !isPure[Int(control)] {
      if case .constant = plan[Int(control)].role {
        for other in plan[Int(control)].controls where !out.contains(other) { out.append(other) }
      } else if !out.contains(control) {
        out.append(control)
      }
    }
    return out
  }

  /// What waits because a constant among `inputs` waits.
  func inherited(_ inputs: [ValueID]) -> [Int32] {
    inputs.flatMap { value -> [Int32] in
      guard value != BuildScope.dead, plan.fact(value).value != nil else { return [] }
      return plan[Int(value.node)].controls
    }
  }

  /// `value`, where it must be dead or wait as the constant that it is does.
  mutating func settled(_ value: ValueID, _ name: String) -> ValueID {
    guard value != BuildScope.dead, plan.fact(value).value != nil,
      !plan[Int(value.node)].controls.isEmpty
    else { return value }
    return forwarded(value, name, controls: plan[Int(value.node)].controls)
  }

  /// `value` once `controls` have run.
  mutating func forwarded(_ value: ValueID, _ name: String, controls: [Int32]) -> ValueID {
    var fact = plan.fact(value)
    fact.value = nil
    let node = append(
      PlanGraph.Node(
        name: name, op: "Identity", operation: Forward(), role: .operation, inputs: [value],
        controls: controls, outputs: [fact], isStateful: false, source: -1))
    return ValueID(Int(node), 0)
  }
}

/// Passes a value on.
struct Forward: AliasOperation, UnfoldableOperation {
  static let opNames: [String] = []
  init() {}
  init(_ node: NodeContext) throws {}
  var movesElements: Bool { true }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }
  func lower(_ context: Lowering) -> Kernel { .alias(input: 0) }
}

/// The nodes of one graph, or part of it, within the plan that is being built.
final class BuildScope {
  /// Stands for a value on a branch that is never taken.
  static let dead = ValueID(-1, 0)

  let region: Region
  /// The plan's values for values of the graph.
  var values: [ValueID: ValueID] = [:]
  /// By graph node: the plan nodes to wait for.
  var waits: [Int32: [Int32]] = [:]
  /// Nodes on a branch that is never taken.
  var deadNodes: Set<Int32> = []
  /// What an effect of the part waits for.
  let controls: [Int32]
  /// The scope is a function's body within another graph's plan.
  let isBody: Bool
  let fed: Set<Int32>

  var graph: Graph { region.graph }

  init(_ region: Region, given: [ValueID], controls: [Int32], isBody: Bool) {
    self.region = region
    self.controls = controls
    self.isBody = isBody
    fed = Set(region.feeds.map(\.node))
    for (feed, value) in zip(region.feeds, given) {
      values[feed] = value
      if value != BuildScope.dead, region.graph.nodes[Int(feed.node)].op == "_Arg" {
        waits[feed.node] = [value.node]
      }
    }
  }

  func value(_ id: ValueID) -> ValueID? {
    if let found = values[id] { return found }
    if let alias = region.aliases[id] { return value(alias) }
    return nil
  }
}
