import BNormTensor

/// Orders nodes so that each comes after its inputs and controls.
enum TopologicalOrder {
  /// Throws if the nodes have a cycle other than through `NextIteration` of a loop.
  static func check(_ nodes: [Node]) throws {
    var pending = [Int32](repeating: 0, count: nodes.count)
    var consumers = Consumers(count: nodes.count, edges: nodes.reduce(0) { $0 + $1.inputs.count + $1.controls.count })
    for (i, node) in nodes.enumerated() {
      for source in sources(of: node, in: nodes) {
        pending[i] += 1
        consumers.add(from: source, to: Int32(i))
      }
    }
    var ready: [Int32] = pending.indices.filter { pending[$0] == 0 }.map { Int32($0) }
    var done = 0
    while let next = ready.popLast() {
      done += 1
      consumers.forEach(of: next) { consumer in
        pending[Int(consumer)] -= 1
        if pending[Int(consumer)] == 0 { ready.append(consumer) }
      }
    }
    if done < nodes.count, let node = pending.firstIndex(where: { $0 > 0 }) {
      throw BNormError.invalid(
        "the graph has a cycle; \(nodes[node].op) \"\(nodes[node].name)\" is on it or after it")
    }
  }

  /// What a node waits for; a Merge does not wait for the NextIteration that feeds it.
  static func sources(of node: Node, in nodes: [Node]) -> [Int32] {
    var out = node.inputs.map(\.node)
    if node.op == "Merge" || node.op == "RefMerge" {
      out.removeAll { ["NextIteration", "RefNextIteration"].contains(nodes[Int($0)].op) }
    }
    return out + node.controls
  }
}

/// Edges by their source, as linked lists in flat arrays.
struct Consumers {
  private var first: [Int32]
  private var next: [Int32] = []
  private var target: [Int32] = []

  init(count: Int, edges: Int) {
    first = [Int32](repeating: -1, count: count)
    next.reserveCapacity(edges)
    target.reserveCapacity(edges)
  }

  mutating func add(from source: Int32, to node: Int32) {
    next.append(first[Int(source)])
    target.append(node)
    first[Int(source)] = Int32(target.count - 1)
  }

  func forEach(of source: Int32, _ body: (Int32) -> Void) {
    var e = first[Int(source)]
    while e >= 0 {
      body(target[Int(e)])
      e = next[Int(e)]
    }
  }
}
