import BNormCore
import BNormTensor

/// Who reads what among the nodes that a plan still needs.
struct LiveGraph {
  let graph: PlanGraph
  /// The needed nodes, each after what it needs.
  let order: [Int]
  /// The nodes that read a value, once for each reading input.
  private var readers: [ValueID: [Int]] = [:]
  /// Values that must stay: fetched ones, and those of nodes that others wait for.
  private var kept: Set<ValueID> = []
  private var waitedFor: Set<Int32> = []

  init(_ graph: PlanGraph) {
    self.graph = graph
    order = graph.order().map { Int($0) }
    for i in order {
      for input in graph[i].inputs { readers[input, default: []].append(i) }
      waitedFor.formUnion(graph[i].controls)
    }
    waitedFor.formUnion(graph.targets)
    kept = Set(graph.fetches)
  }

  /// The nodes that read `value`.
  func users(_ value: ValueID) -> [Int] { readers[value] ?? [] }

  /// The value is read by other nodes only, not fetched, and nothing waits for its node.
  func isInner(_ value: ValueID) -> Bool {
    !kept.contains(value) && !waitedFor.contains(value.node)
  }

  /// The single reader of `value`, if there is one and nothing else needs the value.
  func onlyUser(_ value: ValueID) -> Int? {
    guard isInner(value), let users = readers[value], users.count == 1 else { return nil }
    return users[0]
  }

  /// Every reader of the outputs of `nodes`, `top` left out, is one of `nodes`, and so is every
  /// reader of `value`.
  func isClosed(_ nodes: Set<Int>, top: Int, over value: ValueID) -> Bool {
    guard isInner(value), users(value).allSatisfy(nodes.contains) else { return false }
    for i in nodes where i != top {
      for port in graph[i].outputs.indices {
        let output = ValueID(i, port)
        guard isInner(output), users(output).allSatisfy(nodes.contains) else { return false }
      }
    }
    return true
  }

  func node(_ value: ValueID) -> PlanGraph.Node { graph[Int(value.node)] }
  func op(_ value: ValueID) -> String {
    if case .operation = node(value).role { return node(value).op }
    return ""
  }
  func shape(_ value: ValueID) -> Shape? { graph.fact(value).shape.full }

  /// The number that a constant of one element holds.
  func scalar(_ value: ValueID) -> Double? {
    guard let tensor = graph.constant(value), tensor.count == 1, tensor.dtype.isFloating else {
      return nil
    }
    return tensor.doubles?[0]
  }

  /// Control inputs of all of `nodes`.
  func controls(_ nodes: some Sequence<Int>) -> [Int32] {
    Array(Set(nodes.flatMap { graph[$0].controls })).sorted()
  }
}
