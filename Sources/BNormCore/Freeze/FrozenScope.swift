import BNormTensor

/// What stands for a value of the graph that is frozen.
enum FrozenValue {
  case tensor(FrozenOutput)
  /// A variable's handle; the output is the variable's value.
  case variable(FrozenOutput, DType)

  var output: FrozenOutput {
    switch self {
    case .tensor(let output), .variable(let output, _): output
    }
  }
}

/// Output `port` of the node `node` that was written.
struct FrozenOutput: Hashable {
  var node: String
  var port: Int
}

/// The nodes of a frozen graph or of one of its functions.
final class FrozenScope {
  /// In a function, inputs name arguments and outputs by the ops' signatures.
  let isFunction: Bool
  private(set) var nodes: [NodeDefinition] = []
  /// Which of the nodes are arguments.
  private var arguments: Set<String> = []
  /// The output names of nodes, one for each port.
  private var portNames: [String: [String]] = [:]
  private var pending: [(index: Int, inputs: [FrozenOutput], controls: [String])] = []
  private var names: Set<String> = []

  init(isFunction: Bool) { self.isFunction = isFunction }

  func addArgument(_ name: String) {
    arguments.insert(name)
    names.insert(name)
  }

  func contains(_ name: String) -> Bool { names.contains(name) }

  /// A name that no node has yet.
  func unused(_ name: String) -> String {
    var out = name
    var count = 1
    while names.contains(out) {
      out = "\(name)_\(count)"
      count += 1
    }
    return out
  }

  /// Adds a node; `name` must be unused.
  func add(
    _ name: String, _ op: String, _ inputs: [FrozenOutput], controls: [String] = [],
    attributes: [String: AttributeValue]
  ) {
    names.insert(name)
    pending.append((nodes.count, inputs, controls))
    nodes.append(NodeDefinition(name: name, op: op, attributes: attributes))
  }

  /// Adds a constant, or finds the one of this name.
  func constant(_ name: String, _ value: Tensor) -> FrozenOutput {
    let name = unused(name)
    add(
      name, "Const", [],
      attributes: ["dtype": .type(Int(value.dtype.rawValue)), "value": .tensor(value)])
    return FrozenOutput(node: name, port: 0)
  }

  /// Writes the inputs' names, once all nodes are there.
  func finish() throws {
    for (index, inputs, controls) in pending {
      nodes[index].inputs = try inputs.map(text)
      var seen: Set<String> = []
      for control in controls where !arguments.contains(control) && seen.insert(control).inserted {
        nodes[index].inputs.append("^" + control)
      }
    }
    pending = []
  }

  /// How an input or a return names an output.
  func text(_ output: FrozenOutput) throws -> String {
    if arguments.contains(output.node) { return output.node }
    guard isFunction else {
      return output.port == 0 ? output.node : "\(output.node):\(output.port)"
    }
    if portNames.isEmpty { for node in nodes { portNames[node.name] = try portNames(of: node) } }
    if portNames[output.node] == nil,
      let node = nodes.first(where: { $0.name == output.node })
    {
      portNames[output.node] = try portNames(of: node)
    }
    guard let names = portNames[output.node], output.port < names.count else {
      throw BNormError.unsupported(
        "output \(output.port) of \"\(output.node)\" has no name in its op's signature")
    }
    return "\(output.node):\(names[output.port])"
  }

  private func portNames(of node: NodeDefinition) throws -> [String] {
    guard let signature = OpSignature.find(node.op) else { return [] }
    var attributes = node.attributes
    for attribute in signature.attributes where attributes[attribute.name] == nil {
      attributes[attribute.name] = attribute.defaultValue
    }
    return try signature.outputs.flatMap { output in
      let count = try FunctionLibrary.dtypes(of: output.type, attributes).count
      return (0..<count).map { "\(output.name):\($0)" }
    }
  }
}
