import BNormTensor

/// The plans of a graph by signature, and idle executors for them. Safe from several threads.
final class PlanStore: @unchecked Sendable {
  let graph: Graph
  private let packs: PackCache
  private let session: SessionState
  private let lock = Lock()
  private var plans: [PlanSignature: Plan] = [:]
  private var idle: [ObjectIdentifier: [Executor]] = [:]
  /// Plans kept; one more drops them all.
  private static let limit = 256

  init(graph: Graph, packs: PackCache, session: SessionState) {
    self.graph = graph
    self.packs = packs
    self.session = session
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

  private func makePlan(_ signature: PlanSignature) throws -> Plan {
    let folder = ConstantFolder(runner: OneShotRunner(packs: packs, session: session))
    var builder = PlanGraphBuilder(graph: graph, signature: signature, folder: folder)
    var planGraph = try builder.build()
    for pass in graph.functions.library.passes {
      do { try pass.run(&planGraph) } catch let error as BNormError {
        throw error.prefixed("pass \(pass.name)")
      }
    }
    var planner = Planner(planGraph, graph: graph, packs: packs)
    return try planner.make()
  }

  func withExecutor<R>(_ plan: Plan, _ body: (Executor) throws -> R) rethrows -> R {
    let key = ObjectIdentifier(plan)
    let executor = lock.withLock { idle[key]?.popLast() } ?? Executor(plan, packs: packs)
    defer { lock.withLock { idle[key, default: []].append(executor) } }
    return try body(executor)
  }
}
