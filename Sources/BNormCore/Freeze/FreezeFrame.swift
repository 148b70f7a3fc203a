import BNormTensor

/// Writes the part of one graph, or of a function's body, that is needed.
final class FreezeFrame {
  let freezer: GraphFreezer
  let scope: FrozenScope
  let graph: Graph
  /// Before the names of all nodes.
  let prefix: String
  let arguments: [FrozenValue]
  /// Nodes that must run before any of this one.
  let entryControls: [String]
  var values: [ValueID: FrozenValue] = [:]
  /// The nodes written for a node.
  var controls: [Int32: [String]] = [:]
  /// Nodes and outputs of Switches on branches that are never taken.
  var dead: Set<Int32> = []
  var deadValues: Set<ValueID> = []
  /// Values that conditions are made of.
  var known: [ValueID: Tensor] = [:]

  init(
    _ freezer: GraphFreezer, _ scope: FrozenScope, _ graph: Graph, prefix: String,
    arguments: [FrozenValue], controls: [String]
  ) {
    self.freezer = freezer
    self.scope = scope
    self.graph = graph
    self.prefix = prefix
    self.arguments = arguments
    entryControls = controls
  }

  /// Writes what `results` and the nodes `controls` need; what stands for the results.
  func emit(_ results: [ValueID], controls: [Int32]) throws -> [FrozenValue] {
    for node in order(results.map(\.node) + controls) {
      do { try emit(node) } catch let error as BNormError {
        throw error.prefixed(graph.label(Int(node)))
      }
    }
    return try results.map { id in
      guard !dead.contains(id.node), !deadValues.contains(id) else {
        throw BNormError.invalid("\(graph.label(id)) is on a branch that is never taken")
      }
      return value(id)
    }
  }

  /// The needed nodes, each after its inputs, except where a loop closes.
  private func order(_ roots: [Int32]) -> [Int32] {
    var out: [Int32] = []
    var seen = [Bool](repeating: false, count: graph.nodes.count)
    var stack: [(node: Int32, next: Int)] = []
    for root in roots where !seen[Int(root)] {
      seen[Int(root)] = true
      stack.append((root, 0))
      while let (node, next) = stack.last {
        let inputs = graph.nodes[Int(node)].inputs
        let before = graph.nodes[Int(node)].controls
        guard next < inputs.count + before.count else {
          out.append(node)
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let input = next < inputs.count ? inputs[next].node : before[next - inputs.count]
        if !seen[Int(input)] {
          seen[Int(input)] = true
          stack.append((input, 0))
        }
      }
    }
    return out
  }

  func name(_ node: Int32) -> String {
    prefix.isEmpty && !scope.isFunction && graph === freezer.graph
      ? freezer.inputNames[node] ?? graph.nodes[Int(node)].name
      : prefix + graph.nodes[Int(node)].name
  }

  /// What stands for a value; a loop's closing value is named before its node is written.
  func value(_ id: ValueID) -> FrozenValue {
    values[id] ?? .tensor(FrozenOutput(node: name(id.node), port: Int(id.port)))
  }

  /// The controls of a node, as nodes that were written.
  func controls(of node: Node) -> [String] {
    var out = node.controls.flatMap { controls[$0] ?? [name($0)] }
    if node.inputs.isEmpty || node.isStateful { out += entryControls }
    return out
  }

  private func emit(_ index: Int32) throws {
    let node = graph.nodes[Int(index)]
    if try decide(index, node) { return }
    let inputs = node.inputs.map { value($0) }
    switch node.op {
    case _ where FreezeFrame.tableOps.contains(node.op): try writeTable(index, node, inputs)
    case "_Arg":
      let position = node.attributes["index"]?.asInt ?? 0
      guard position >= 0, position < arguments.count else {
        throw BNormError.invalid("the function has no argument \(position)")
      }
      values[ValueID(Int(index), 0)] = arguments[position]
      controls[index] = [arguments[position].output.node]
    case "VarHandleOp":
      let tensor = try freezer.value(of: node)
      set(index, .variable(scope.constant(name(index), tensor), tensor.dtype))
    case "Variable", "VariableV2":
      set(index, .tensor(scope.constant(name(index), try freezer.value(of: node))))
    case "PartitionedCall", "StatefulPartitionedCall":
      guard let function = node.attributes["f"]?.asFunction else {
        throw BNormError.invalid("attribute f (func) is missing")
      }
      try call(function, index, inputs)
    default:
      if graph.functions.definitions[node.op] != nil {
        let function = FunctionReference(name: node.op, attributes: node.attributes)
        return try call(function, index, inputs)
      }
      try write(index, inputs)
    }
  }

  func set(_ index: Int32, _ value: FrozenValue) {
    values[ValueID(Int(index), 0)] = value
    controls[index] = [value.output.node]
  }

  /// Writes the body of a function in place of a call.
  func call(
    _ function: FunctionReference, _ index: Int32, _ inputs: [FrozenValue]
  ) throws {
    let body = try freezer.graph.functions.body(function)
    guard inputs.count == body.arguments.count else {
      throw BNormError.invalid(
        "has \(inputs.count) inputs, but function \"\(function.name)\" has "
          + "\(body.arguments.count)")
    }
    let inner = FreezeFrame(
      freezer, scope, body, prefix: name(index) + "/", arguments: inputs,
      controls: controls(of: graph.nodes[Int(index)]))
    let results = try inner.emit(body.results, controls: body.controlResults)
    for (port, result) in results.enumerated() { values[ValueID(Int(index), port)] = result }
    controls[index] =
      results.map(\.output.node) + body.controlResults.flatMap { inner.controls[$0] ?? [] }
  }
}
