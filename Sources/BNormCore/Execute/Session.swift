import BNormTensor
import CBNormKernels

/// Runs a graph as TensorFlow 1's `Session.run` does: any value can be fed and any fetched, and
/// only what fetches and targets need is run, each node at most once.
///
/// Variables, tables and generators live as long as the session. A session may be used from several
/// threads at once.
public final class Session: FunctionRunner, @unchecked Sendable {
  public let graph: Graph
  public let state: SessionState
  private let binder: FunctionBinder
  private let main: PlanStore

  public init(graph: Graph, state: SessionState = SessionState(), stage: Stage = .planned) {
    self.graph = graph
    self.state = state
    binder = FunctionBinder(
      functions: graph.functions, session: state, packs: PackCache(), shared: SharedCallables(),
      stage: stage)
    main = PlanStore(graph: graph, binder: binder)
  }

  /// Runs one step.
  ///
  /// - Parameters:
  ///   - fetches: names of tensors, `name` or `name:port`.
  ///   - feeds: values for tensors by name; cast to the fed dtype where no value changes.
  ///   - targets: names of nodes to run for their effect.
  /// - Returns: one tensor for each fetch.
  public func run(
    _ fetches: [String], feeds: [(name: String, value: Tensor)] = [], targets: [String] = [],
    profile: Profile? = nil
  ) throws -> [Tensor] {
    let call = try prepare(fetches, feeds: feeds.map(\.name), targets: targets)
    return try run(call, feeds.map(\.value), profile: profile)
  }

  /// Names resolved to what they mean in the graph; runs again and again without look-ups.
  public struct Call: Sendable {
    let feeds: [ValueID]
    let fetches: [ValueID]
    let targets: [Int32]
  }

  public func prepare(
    _ fetches: [String], feeds: [String] = [], targets: [String] = []
  ) throws -> Call {
    Call(
      feeds: try feeds.map { try graph.value(named: $0) },
      fetches: try fetches.map { try graph.value(named: $0) },
      targets: try targets.map { name in
        let (node, _) = try InputName.split(name)
        guard let index = graph.node(named: node) else {
          throw BNormError.invalid(
            "target: the graph has no node \"\(node)\"" + graph.suggestion(for: node))
        }
        return Int32(index)
      })
  }

  public func run(_ call: Call, _ feeds: [Tensor], profile: Profile? = nil) throws -> [Tensor] {
    guard feeds.count == call.feeds.count else {
      throw BNormError.invalid("\(feeds.count) feeds given, expected \(call.feeds.count)")
    }
    let converted = try zip(call.feeds, feeds).map { try FeedConversion.convert($1, for: $0, graph) }
    let plan = try main.plan(
      for: PlanSignature(
        feeds: call.feeds, feedShapes: converted.map(\.shape), fetches: call.fetches,
        targets: call.targets))
    return try main.withExecutor(plan) { executor in
      let saved = bnk_enter_ftz()
      defer { bnk_leave_ftz(saved) }
      return try executor.run(
        converted, session: state, step: StepState(), functions: self, profile: profile)
    }
  }

  /// Makes the plan for feeds of these shapes, so that the first run does not.
  public func plan(_ call: Call, feedShapes: [Shape]) throws -> Plan {
    try main.plan(
      for: PlanSignature(
        feeds: call.feeds, feedShapes: feedShapes, fetches: call.fetches, targets: call.targets))
  }

  /// A run for feeds of fixed shapes that works on the caller's memory only: in steady state it
  /// allocates nothing when all shapes follow from those of the feeds.
  public func bind(_ call: Call, feedShapes: [Shape]) throws -> BoundRun {
    guard feedShapes.count == call.feeds.count else {
      throw BNormError.invalid("\(feedShapes.count) shapes given, expected \(call.feeds.count)")
    }
    let plan = try main.makePlan(
      PlanSignature(
        feeds: call.feeds, feedShapes: feedShapes, fetches: call.fetches, targets: call.targets),
      externalFetches: true)
    return BoundRun(session: self, executor: Executor(plan, packs: binder.packs), graph: graph, call: call)
  }

  // MARK: Functions

  public func call(
    _ function: FunctionReference, _ inputs: [Tensor], step: StepState
  ) throws -> [Tensor] {
    let body = try graph.functions.body(function)
    try body.checkArguments(function.name, inputs.map(\.dtype))
    return try binder.callable(function).run(inputs, session: state, step: step, functions: self)
  }

  public func arity(_ function: FunctionReference) throws -> (inputs: Int, outputs: Int) {
    let body = try graph.functions.body(function)
    return (body.arguments.count, body.results.count)
  }
}
