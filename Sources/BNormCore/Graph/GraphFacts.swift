import BNormTensor

/// What is known of every value of a graph without feeding anything: for `inspect` and for checks.
public struct GraphFacts: Sendable {
  /// For each node the facts of its outputs.
  public let outputs: [[Fact]]
  /// Nodes whose inputs cannot fit, with the reason.
  public let errors: [(node: Int, error: BNormError)]

  public init(_ graph: Graph) {
    let folder = ConstantFolder(runner: OneShotRunner(packs: PackCache(), session: SessionState()))
    var outputs = graph.nodes.map { node in node.outputDTypes.map { Fact($0, .unknown) } }
    var errors: [(Int, BNormError)] = []
    for i in GraphFacts.order(graph) {
      let node = graph.nodes[i]
      guard let operation = node.operation else { continue }
      if let constant = operation as? any ConstantOperation {
        outputs[i][0] = Fact(constant: constant.value)
        continue
      }
      let inputs = node.inputs.map { value -> Fact in
        let facts = outputs[Int(value.node)]
        return Int(value.port) < facts.count ? facts[Int(value.port)] : Fact(.float, .unknown)
      }
      do {
        if let shapes = try operation.infer(inputs) {
          for k in outputs[i].indices where k < shapes.count { outputs[i][k].shape = shapes[k] }
        }
        if !node.isStateful, !node.op.hasPrefix("Placeholder"), GraphFacts.isSmall(outputs[i]),
          let folded = try folder.fold(operation, node.name, inputs, outputs[i])
        {
          for (k, tensor) in folded.enumerated() { outputs[i][k] = Fact(constant: tensor) }
        }
      } catch let error as BNormError {
        errors.append((i, error.prefixed(graph.label(i))))
      } catch {}
    }
    self.outputs = outputs
    self.errors = errors
  }

  /// Only what shapes are made of is worth folding here.
  private static func isSmall(_ facts: [Fact]) -> Bool {
    facts.allSatisfy { ($0.shape.full?.count ?? .max) <= 1024 }
  }

  /// All nodes, each after what feeds it; the back edges of loops are left out.
  static func order(_ graph: Graph) -> [Int] {
    var state = [Bool](repeating: false, count: graph.nodes.count)
    var out: [Int] = []
    var stack: [(node: Int, next: Int)] = []
    for root in graph.nodes.indices where !state[root] {
      state[root] = true
      stack.append((root, 0))
      while let top = stack.last {
        let inputs = graph.nodes[top.node].inputs
        if top.next < inputs.count {
          stack[stack.count - 1].next += 1
          let child = Int(inputs[top.next].node)
          if !state[child] {
            state[child] = true
            stack.append((child, 0))
          }
        } else {
          out.append(top.node)
          stack.removeLast()
        }
      }
    }
    return out
  }

  public func fact(_ value: ValueID) -> Fact { outputs[Int(value.node)][Int(value.port)] }
}
