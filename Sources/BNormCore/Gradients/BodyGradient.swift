import BNormTensor

/// Writes the gradient of a function's body: the body itself, and behind it a gradient node for
/// each node that the results depend on, from the results back to the arguments.
///
/// The order in which gradients of one value are added is TensorFlow's.
struct BodyGradient {
  private let body: Graph
  private(set) var nodes: [NodeDefinition] = []
  private(set) var arguments: [String] = []
  /// The gradients that came back to a value, for the values that the results depend on.
  private var gradients: [ValueID: [String]] = [:]
  /// By node: how many of its readers have not yet sent a gradient back.
  private var pending: [Int]
  private var ready: [Int32] = []
  private let stops: Set<Int32>

  init(_ body: Graph) {
    self.body = body
    pending = [Int](repeating: 0, count: body.nodes.count)
    stops = Set(body.arguments.map(\.node))
    arguments = body.arguments.map { body.nodes[Int($0.node)].name }
  }

  /// Makes all nodes; returns the gradients of the arguments.
  mutating func make() throws -> [String] {
    copyBody()
    findReaders()
    for result in body.results {
      let dtype = body.nodes[Int(result.node)].outputDTypes[Int(result.port)]
      let name = freshName()
      nodes.append(.argument(name, dtype, arguments.count))
      arguments.append(name)
      send(name, back: result)
    }
    var next = 0
    while next < ready.count {
      let index = ready[next]
      next += 1
      if !stops.contains(index) { try goBack(through: index) }
    }
    return body.arguments.map { sum($0) }
  }

  private mutating func copyBody() {
    for node in body.nodes {
      nodes.append(
        NodeDefinition(
          name: node.name, op: node.op,
          inputs: node.inputs.map(text) + node.controls.map { "^\(body.nodes[Int($0)].name)" },
          attributes: node.attributes))
    }
  }

  private func text(_ value: ValueID) -> String {
    "\(body.nodes[Int(value.node)].name):\(value.port)"
  }

  /// Walks back from the results along data.
  private mutating func findReaders() {
    var queue: [Int32] = []
    var seen: Set<Int32> = []
    func visit(_ node: Int32) {
      pending[Int(node)] += 1
      if seen.insert(node).inserted { queue.append(node) }
    }
    for result in body.results { visit(result.node) }
    var next = 0
    while next < queue.count {
      let node = body.nodes[Int(queue[next])]
      for port in node.outputDTypes.indices { gradients[ValueID(Int(queue[next]), port)] = [] }
      next += 1
      for input in node.inputs { visit(input.node) }
    }
    for argument in body.arguments where gradients[argument] == nil { gradients[argument] = [] }
  }

  /// Notes a gradient of `value`, or only that its reader has none to send.
  private mutating func send(_ gradient: String?, back value: ValueID) {
    guard gradients[value] != nil else { return }
    if let gradient { gradients[value]!.append(gradient) }
    pending[Int(value.node)] -= 1
    if pending[Int(value.node)] == 0 { ready.append(value.node) }
  }

  private mutating func goBack(through index: Int32) throws {
    let node = body.nodes[Int(index)]
    let results = node.outputDTypes.indices.map { sum(ValueID(Int(index), $0)) }
    if case .zero? = OpGradients.find(node.op) {
      for input in node.inputs { send(nil, back: input) }
      return
    }
    let taken = node.inputs.map { body.nodes[Int($0.node)].outputDTypes[Int($0.port)] }
    let made = add(
      "SymbolicGradient", node.inputs.map(text) + results,
      [
        "f": .function(FunctionReference(name: node.op, attributes: node.attributes)),
        "Tin": .list((taken + node.outputDTypes).map(AttributeValue.dtype)),
        "Tout": .list(taken.map { .dtype($0 == .resource ? .float : $0) }),
      ])
    for (i, input) in node.inputs.enumerated() { send("\(made):\(i)", back: input) }
  }

  /// The sum of the gradients of `value`; zeros if there are none.
  private mutating func sum(_ value: ValueID) -> String {
    let dtype = body.nodes[Int(value.node)].outputDTypes[Int(value.port)]
    let all = gradients[value] ?? []
    if all.isEmpty || dtype == .bool {
      var source = text(value)
      if dtype == .resource {
        source = add("ReadVariableOp", [source], ["dtype": .dtype(.float)])
      }
      return add("ZerosLike", [source], ["T": .dtype(dtype == .resource ? .float : dtype)])
    }
    if all.count == 1 { return all[0] }
    let summed = dtype == .resource ? DType.float : dtype
    return add("AddN", all, ["N": .int(all.count), "T": .dtype(summed)])
  }

  private mutating func add(
    _ op: String, _ inputs: [String], _ attributes: [String: AttributeValue]
  ) -> String {
    let name = freshName()
    nodes.append(NodeDefinition(name: name, op: op, inputs: inputs, attributes: attributes))
    return name
  }

  private func freshName() -> String {
    var name = "gradient/\(nodes.count)"
    while body.index[name] != nil { name += "_" }
    return name
  }
}
