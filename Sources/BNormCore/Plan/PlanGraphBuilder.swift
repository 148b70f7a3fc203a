import BNormTensor

/// Cuts the part of a graph that a signature needs and gathers facts about it.
struct PlanGraphBuilder {
  let graph: Graph
  let signature: PlanSignature
  let folder: ConstantFolder
  private var plan = PlanGraph()
  /// Graph node → plan node.
  private var planned: [Int32: Int32] = [:]
  private var feeds: [ValueID: Int] = [:]

  init(graph: Graph, signature: PlanSignature, folder: ConstantFolder) {
    self.graph = graph
    self.signature = signature
    self.folder = folder
  }

  mutating func build() throws -> PlanGraph {
    for (i, feed) in signature.feeds.enumerated() {
      guard feeds.updateValue(i, forKey: feed) == nil else {
        throw BNormError.invalid("\(graph.label(feed)) is fed twice")
      }
    }
    let needed = neededNodes()
    try reportUnsupported(needed)
    for i in signature.feeds.indices { addFeed(i) }
    for node in needed { try add(node) }
    plan.fetches = try signature.fetches.map { try value(for: $0, reader: nil) }
    plan.targets = signature.targets.compactMap { planned[$0] }
    return plan
  }

  /// The nodes that must run, each after what it needs; fed values cut the search.
  private func neededNodes() -> [Int32] {
    var seen = [Bool](repeating: false, count: graph.nodes.count)
    var out: [Int32] = []
    var stack: [(node: Int32, next: Int)] = []
    func push(_ node: Int32) {
      if !seen[Int(node)] {
        seen[Int(node)] = true
        stack.append((node, 0))
      }
    }
    func visit(_ root: Int32) {
      push(root)
      while let top = stack.last {
        let node = graph.nodes[Int(top.node)]
        let inputs = node.inputs.count
        let isFed = node.outputDTypes.indices.contains { feeds[ValueID(Int(top.node), $0)] != nil }
        let total = inputs + (isFed ? 0 : node.controls.count)
        if top.next < total {
          stack[stack.count - 1].next += 1
          if top.next < inputs {
            let input = node.inputs[top.next]
            if feeds[input] == nil { push(input.node) }
          } else {
            push(node.controls[top.next - inputs])
          }
        } else {
          out.append(top.node)
          stack.removeLast()
        }
      }
    }
    for fetch in signature.fetches where feeds[fetch] == nil { visit(fetch.node) }
    for target in signature.targets {
      let outputs = graph.nodes[Int(target)].outputDTypes.count
      let isFed = outputs > 0 && (0..<outputs).allSatisfy { feeds[ValueID(Int(target), $0)] != nil }
      if !isFed { visit(target) }
    }
    return out
  }

  private func reportUnsupported(_ needed: [Int32]) throws {
    var missing: [String: (first: String, count: Int)] = [:]
    for node in needed where graph.nodes[Int(node)].operation == nil {
      let n = graph.nodes[Int(node)]
      guard !["Placeholder", "PlaceholderV2", "Switch", "Merge", "RefSwitch", "RefMerge"].contains(n.op)
      else { continue }
      missing[n.op, default: (n.name, 0)].count += 1
    }
    guard !missing.isEmpty else { return }
    let list = missing.sorted { $0.key < $1.key }.map { op, use in
      use.count == 1
        ? "\(op) (node \"\(use.first)\")" : "\(op) (\(use.count) nodes, first \"\(use.first)\")"
    }
    throw BNormError.unsupported("the graph needs ops that bnorm lacks: " + list.joined(separator: ", "))
  }

  private mutating func addFeed(_ index: Int) {
    let value = signature.feeds[index]
    let node = graph.nodes[Int(value.node)]
    let dtype = Int(value.port) < node.outputDTypes.count ? node.outputDTypes[Int(value.port)] : .float
    plan.nodes.append(
      PlanGraph.Node(
        name: graph.label(value), op: "Feed", operation: nil, role: .feed(index), inputs: [],
        controls: [], outputs: [Fact(dtype, PartialShape(signature.feedShapes[index]))],
        isStateful: false, source: value.node))
  }

  /// The plan's value for a graph value; a reference read as a value goes through a read of the
  /// variable that waits for all that `reader` waits for.
  private mutating func value(for value: ValueID, reader: Node?) throws -> ValueID {
    if let feed = feeds[value] { return ValueID(feed, 0) }
    guard let node = planned[value.node] else {
      throw BNormError.invalid("\(graph.label(value)) is read before it is made")
    }
    let source = graph.nodes[Int(value.node)]
    let planValue = ValueID(Int(node), Int(value.port))
    guard Int(value.port) < source.outputDTypes.count else {
      throw BNormError.invalid("\(graph.label(Int(value.node))) has no output \(value.port)")
    }
    guard source.outputIsReference[Int(value.port)] else { return planValue }
    var controls: [Int32] = []
    for other in reader?.inputs ?? [] where other != value && feeds[other] == nil {
      if let p = planned[other.node] { controls.append(p) }
    }
    for control in reader?.controls ?? [] { if let p = planned[control] { controls.append(p) } }
    let dtype = source.outputDTypes[Int(value.port)]
    plan.nodes.append(
      PlanGraph.Node(
        name: source.name, op: "ReadReference", operation: ReadReference(), role: .operation,
        inputs: [planValue], controls: controls, outputs: [Fact(dtype, .unknown)],
        isStateful: true, source: value.node))
    return ValueID(plan.nodes.count - 1, 0)
  }

  private mutating func add(_ index: Int32) throws {
    let node = graph.nodes[Int(index)]
    do { try addNode(index, node) } catch let error as BNormError {
      throw error.prefixed(graph.label(Int(index)))
    }
  }

  private mutating func addNode(_ index: Int32, _ node: Node) throws {
    if node.op == "Placeholder" || node.op == "PlaceholderV2" {
      let shape = node.attributes["shape"]?.asShape ?? .unknown
      throw BNormError.invalid(
        "must be fed (dtype \(node.outputDTypes[0].name), shape \(shape))")
    }
    var inputs: [ValueID] = []
    for (i, input) in node.inputs.enumerated() {
      if i < node.inputIsReference.count, node.inputIsReference[i] {
        guard feeds[input] == nil, let source = planned[input.node] else {
          throw BNormError.invalid("input \(i) must be a variable, but \(graph.label(input)) is fed")
        }
        inputs.append(ValueID(Int(source), Int(input.port)))
      } else {
        inputs.append(try value(for: input, reader: node))
      }
    }
    let isFed = node.outputDTypes.indices.contains { feeds[ValueID(Int(index), $0)] != nil }
    let controls = isFed ? [] : node.controls.compactMap { planned[$0] }
    let facts = inputs.map { plan.fact($0) }
    var outputs = node.outputDTypes.enumerated().map { i, dtype in
      Fact(node.outputIsReference[i] ? .resource : dtype, .unknown)
    }
    var role = PlanGraph.Role.operation
    switch node.op {
    case "Switch", "RefSwitch":
      role = .conditional(.switch)
      for i in 0..<2 { outputs[i].shape = facts[0].shape }
    case "Merge", "RefMerge":
      role = .conditional(.merge)
      outputs[0].shape = PlanGraphBuilder.common(facts.map(\.shape))
      outputs[1].shape = .scalar
    default:
      if let constant = node.operation as? any ConstantOperation {
        role = .constant
        outputs = [Fact(constant: constant.value)]
      } else if let operation = node.operation {
        if let shapes = try operation.infer(facts) {
          for (i, shape) in shapes.enumerated() where i < outputs.count { outputs[i].shape = shape }
        }
        if controls.isEmpty, !node.isStateful,
          let folded = try folder.fold(operation, node.name, facts, outputs)
        {
          for (i, tensor) in folded.enumerated() { outputs[i] = Fact(constant: tensor) }
          if folded.count == 1 { role = .constant; inputs = [] }
        }
      }
    }
    plan.nodes.append(
      PlanGraph.Node(
        name: node.name, op: node.op, operation: node.operation, role: role, inputs: inputs,
        controls: controls, outputs: outputs, isStateful: node.isStateful, source: index))
    planned[index] = Int32(plan.nodes.count - 1)
  }

  private static func common(_ shapes: [PartialShape]) -> PartialShape {
    guard let first = shapes.first?.dimensions else { return .unknown }
    var out = first
    for shape in shapes.dropFirst() {
      guard let d = shape.dimensions, d.count == out.count else { return .unknown }
      for i in out.indices where d[i] != out[i] { out[i] = -1 }
    }
    return PartialShape(out)
  }
}

/// An op that is its value: Const.
public protocol ConstantOperation: Operation {
  var value: Tensor { get }
}
