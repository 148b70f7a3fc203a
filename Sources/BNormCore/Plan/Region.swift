import BNormTensor

/// A part of a graph: from values that are given to values that are wanted.
struct Region: Sendable {
  let graph: Graph
  /// Values that are given.
  var feeds: [ValueID] = []
  var fetches: [ValueID]
  var targets: [Int32] = []
  /// Nodes that ran before: they are not run again, and waiting for them is no wait.
  var cuts: Set<Int32> = []
  /// Values that are other values: what the Switches of a loop pass on.
  var aliases: [ValueID: ValueID] = [:]
  /// The fetches, by place, that are wanted as references to variables.
  var referenceFetches: Set<Int> = []

  /// The nodes that must run. Each comes after what it needs, but for the cycles of loops.
  func neededNodes() -> [Int32] {
    let given = Set(feeds)
    var fed: [Bool] = [Bool](repeating: false, count: graph.nodes.count)
    for feed in feeds { fed[Int(feed.node)] = true }
    var seen = [Bool](repeating: false, count: graph.nodes.count)
    for cut in cuts { seen[Int(cut)] = true }
    var out: [Int32] = []
    var stack: [(node: Int32, next: Int)] = []
    func push(_ node: Int32) {
      if !seen[Int(node)] {
        seen[Int(node)] = true
        stack.append((node, 0))
      }
    }
    func pushValue(_ value: ValueID) {
      if given.contains(value) { return }
      if let alias = aliases[value] { pushValue(alias) } else { push(value.node) }
    }
    func pushControl(_ node: Int32) {
      // A fed placeholder or argument has run; another node that is waited for runs although it is
      // fed.
      if fed[Int(node)], ["Placeholder", "PlaceholderV2", "_Arg"].contains(graph.nodes[Int(node)].op) {
        return
      }
      push(node)
    }
    func finish() {
      while let top = stack.last {
        let inputs = graph.nodes[Int(top.node)].inputs.count
        let total =
          inputs + (fed[Int(top.node)] ? 0 : graph.nodes[Int(top.node)].controls.count)
        if top.next < total {
          stack[stack.count - 1].next += 1
          if top.next < inputs {
            pushValue(graph.nodes[Int(top.node)].inputs[top.next])
          } else {
            pushControl(graph.nodes[Int(top.node)].controls[top.next - inputs])
          }
        } else {
          out.append(top.node)
          stack.removeLast()
        }
      }
    }
    for fetch in fetches {
      pushValue(fetch)
      finish()
    }
    for target in targets where !isGiven(target, given) {
      push(target)
      finish()
    }
    return out
  }

  /// All outputs of the node are given.
  private func isGiven(_ node: Int32, _ given: Set<ValueID>) -> Bool {
    let count = graph.nodes[Int(node)].outputDTypes.count
    return count > 0 && (0..<count).allSatisfy { given.contains(ValueID(Int(node), $0)) }
  }
}

extension Graph {
  /// A function's body, from arguments to results. A function that does not say which nodes run
  /// whenever it runs, runs all nodes that have an effect.
  func bodyRegion() -> Region {
    var targets = controlResults
    if targets.isEmpty {
      targets = nodes.indices.filter { nodes[$0].hasEffect }.map { Int32($0) }
    }
    return Region(graph: self, feeds: arguments, fetches: results, targets: targets)
  }
}

extension Node {
  /// Running the node changes something that others can see.
  var hasEffect: Bool {
    guard isStateful, operation != nil, outputDTypes.isEmpty || !Node.readers.contains(op) else {
      return false
    }
    return true
  }

  private static let readers: Set<String> = [
    "_Arg", "_Retval", "Placeholder", "PlaceholderV2", "VarHandleOp", "ReadVariableOp", "VariableV2",
    "Variable", "VarIsInitializedOp", "HashTableV2", "MutableHashTableV2",
  ]
}
