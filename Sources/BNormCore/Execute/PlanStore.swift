import BNormTensor

/// The plans of a graph by signature, and idle executors for them. Safe from several threads.
final class PlanStore: @unchecked Sendable {
  let graph: Graph
  private let binder: FunctionBinder
  private let lock = Lock()
  private var plans: [PlanSignature: Plan] = [:]
  private var idle: [ObjectIdentifier: [Executor]] = [:]
  /// Plans kept; one more drops them all.
  private static let limit = 256

  init(graph: Graph, binder: FunctionBinder) {
    self.graph = graph
    self.binder = binder
  }

  func plan(for signature: PlanSignature) throws -> Plan {
    if let found = lock.withLock({ plans[signature] }) { return found }
    let made = try makePlan(signature)
    lock.withLock {
      if plans.count >= PlanStore.limit {
        plans = [:]
        idle = [:]
      }
      plans[signature] = made
    }
    return made
  }

  /// A new plan, not kept. With `externalFetches`, kernels write fetches into the caller's memory.
  func makePlan(_ signature: PlanSignature, externalFetches: Bool = false) throws -> Plan {
    var seen = Set<ValueID>()
    let inputs = try signature.feeds.enumerated().map { i, feed -> (fact: Fact, name: String) in
      guard seen.insert(feed).inserted else {
        throw BNormError.invalid("\(graph.label(feed)) is fed twice")
      }
      let dtypes = graph.nodes[Int(feed.node)].outputDTypes
      let dtype = Int(feed.port) < dtypes.count ? dtypes[Int(feed.port)] : .float
      return (Fact(dtype, PartialShape(signature.feedShapes[i])), graph.label(feed))
    }
    let region = Region(
      graph: graph, feeds: signature.feeds, fetches: signature.fetches, targets: signature.targets)
    try MissingOps.check(region)
    let planGraph = try PlanGraphBuilder.build(inputs, binder: binder) { builder, given in
      try builder.include(region, given: given)
    }
    return try binder.plan(planGraph, graph: graph, externalFetches: externalFetches)
  }

  func withExecutor<R>(_ plan: Plan, _ body: (Executor) throws -> R) rethrows -> R {
    let key = ObjectIdentifier(plan)
    let executor = lock.withLock { idle[key]?.popLast() } ?? Executor(plan, packs: binder.packs)
    defer { lock.withLock { idle[key, default: []].append(executor) } }
    return try body(executor)
  }
}
