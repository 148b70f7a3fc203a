import BNormTensor

/// What is known of every value of a graph without feeding anything: for `inspect` and for checks.
public struct GraphFacts: Sendable {
  /// For each node the facts of its outputs.
  public let outputs: [[Fact]]
  /// Nodes whose inputs cannot fit, with the reason.
  public let errors: [(node: Int, error: BNormError)]

  /// - Parameter folding: Whether small constants are computed, as far as shapes depend on them.
  public init(_ graph: Graph, folding: Bool = true) {
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
      let inputs = node.inputs.enumerated().map { k, value -> Fact in
        let facts = outputs[Int(value.node)]
        guard Int(value.port) < facts.count else { return Fact(.float, .unknown) }
        let fact = facts[Int(value.port)]
        guard graph.nodes[Int(value.node)].outputIsReference[Int(value.port)],
          !node.inputIsReference[k]
        else { return fact }
        // What is read is the variable's value.
        return Fact(fact.dtype, graph.trustsDeclaredShapes ? fact.handleShape ?? .unknown : .unknown)
      }
      do {
        if let shapes = try operation.infer(inputs) {
          for k in outputs[i].indices where k < shapes.count { outputs[i][k].shape = shapes[k] }
        }
        if let handle = operation as? any HandleOperation {
          for (k, shape) in handle.handleShapes(inputs).enumerated() where k < outputs[i].count {
            outputs[i][k].handleShape = shape
          }
        } else if operation is any AliasOperation, !outputs[i].isEmpty, !inputs.isEmpty {
          outputs[i][0].handleShape = inputs[0].handleShape
        }
        if folding, !node.isStateful, !node.op.hasPrefix("Placeholder"), GraphFacts.isSmall(outputs[i]),
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

  /// Throws where inputs of a node cannot fit, whether it is asked for or not, as TensorFlow does at
  /// import. What depends on a branch is left to the run.
  public static func check(_ graph: Graph) throws {
    let facts = GraphFacts(graph, folding: false)
    guard !facts.errors.isEmpty else { return }
    var isConditional = [Bool](repeating: false, count: graph.nodes.count)
    for i in GraphFacts.order(graph) {
      let node = graph.nodes[i]
      isConditional[i] =
        node.op == "Switch" || node.op == "RefSwitch" || node.op == "_SwitchN"
        || node.inputs.contains { isConditional[Int($0.node)] }
        || node.controls.contains { isConditional[Int($0)] }
    }
    for (node, error) in facts.errors where !isConditional[node] && error.code == .invalid {
      throw error
    }
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
