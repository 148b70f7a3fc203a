import BNormTensor

/// Makes a graph without variables of a graph and a session that holds their values: each variable
/// becomes a constant, calls of functions are written out, and what the outputs do not need is left
/// out.
public final class GraphFreezer {
  /// A tensor that the frozen graph offers.
  public struct Output {
    public var name: String
    public var tensor: String

    public init(name: String, tensor: String) {
      self.name = name
      self.tensor = tensor
    }

    /// The node's name: a name may say a port.
    var node: String { String(name.map { $0 == ":" ? "_" : $0 }) }
  }

  let graph: Graph
  let state: SessionState
  var functions: [String: FunctionDefinition] = [:]
  /// New names of functions by the old name and which arguments were variables.
  var functionNames: [String: String] = [:]
  let inputNames: [Int32: String]
  /// Values that take the place of tensors.
  let fixed: [ValueID: Tensor]

  private init(
    _ graph: Graph, _ state: SessionState, inputNames: [Int32: String], fixed: [ValueID: Tensor]
  ) {
    self.graph = graph
    self.state = state
    self.inputNames = inputNames
    self.fixed = fixed
  }

  /// - Parameters:
  ///   - outputs: What is kept, and under which names. A name that is not the node's own becomes an
  ///     Identity.
  ///   - inputs: New names for placeholders, by tensor name.
  ///   - fixed: Values of tensors that become constants; branches that they decide are left out.
  ///   - state: Where the variables have their values.
  public static func freeze(
    _ graph: Graph, outputs: [Output], inputs: [String: String] = [:],
    fixed: [(name: String, value: Tensor)] = [], state: SessionState
  ) throws -> GraphDefinition {
    var constants: [ValueID: Tensor] = [:]
    for (name, value) in fixed {
      let id = try graph.value(named: name)
      guard id.port == 0, graph.nodes[Int(id.node)].outputDTypes.count == 1 else {
        throw BNormError.invalid("\"\(name)\" is one of several outputs and cannot be fixed")
      }
      constants[id] = try FeedConversion.convert(value, for: id, graph)
    }
    var names: [Int32: String] = [:]
    for (tensor, name) in inputs where graph.node(named: name) == nil {
      let value = try graph.value(named: tensor)
      if graph.nodes[Int(value.node)].op.hasPrefix("Placeholder") { names[value.node] = name }
    }
    try rename(&names, outputs, graph)
    let freezer = GraphFreezer(graph, state, inputNames: names, fixed: constants)
    let scope = FrozenScope(isFunction: false)
    let values = try outputs.map { try graph.value(named: $0.tensor) }
    let frame = FreezeFrame(freezer, scope, graph, prefix: "", arguments: [], controls: [])
    let results = try frame.emit(values, controls: [])
    for (output, result) in zip(outputs, results) {
      guard case .tensor(let tensor) = result else {
        throw BNormError.invalid("output \"\(output.name)\" is a variable's handle")
      }
      let name = output.node
      guard name != tensor.node || tensor.port != 0 else { continue }
      guard !scope.contains(name) else {
        throw BNormError.invalid("two nodes would have the name \"\(name)\" of an output")
      }
      let value = try graph.value(named: output.tensor)
      let dtype = graph.nodes[Int(value.node)].outputDTypes[Int(value.port)]
      scope.add(name, "Identity", [tensor], attributes: ["T": .type(Int(dtype.rawValue))])
    }
    try scope.finish()
    let roots = zip(outputs, results).flatMap { output, result in
      [result.output.node, output.node]
    }
    return GraphDefinition(
      nodes: needed(scope.nodes, by: roots), functions: freezer.functions, producer: graph.producer)
  }

  /// Gives nodes that have the name of an output, and are not it, other names.
  private static func rename(
    _ names: inout [Int32: String], _ outputs: [Output], _ graph: Graph
  ) throws {
    let inputs = Set(names.values)
    var taken = Set(outputs.map(\.node)).union(inputs)
    for output in outputs {
      let own = try graph.value(named: output.tensor)
      let index = graph.node(named: output.node)
      guard own.port != 0 || index.map(Int32.init) != own.node else { continue }
      let isInput = index.map { graph.nodes[$0].op.hasPrefix("Placeholder") } ?? false
      guard !isInput, !inputs.contains(output.node) else {
        throw BNormError.invalid(
          "output \"\(output.name)\" has the name of an input: name its tensor, "
            + "\(graph.label(own)), instead")
      }
      guard let index else { continue }
      var count = 1
      var name = "\(output.node)_\(count)"
      while taken.contains(name) || graph.node(named: name) != nil {
        count += 1
        name = "\(output.node)_\(count)"
      }
      taken.insert(name)
      names[Int32(index)] = name
    }
  }

  /// The nodes that `roots` need, in their order.
  private static func needed(_ nodes: [NodeDefinition], by roots: [String]) -> [NodeDefinition] {
    var index: [String: Int] = [:]
    for (i, node) in nodes.enumerated() { index[node.name] = i }
    var keeps = [Bool](repeating: false, count: nodes.count)
    var stack = roots.compactMap { index[$0] }
    while let i = stack.popLast() {
      guard !keeps[i] else { continue }
      keeps[i] = true
      for input in nodes[i].inputs {
        let name = input.drop { $0 == "^" }.prefix { $0 != ":" }
        if let source = index[String(name)] { stack.append(source) }
      }
    }
    return nodes.indices.filter { keeps[$0] }.map { nodes[$0] }
  }

  private func resourceName(_ node: Node) -> ResourceName {
    let shared = node.attributes["shared_name"]?.asBytes?.string ?? ""
    return ResourceName(
      container: node.attributes["container"]?.asBytes?.string ?? "",
      name: shared.isEmpty ? node.name : shared)
  }

  /// The table that a node makes, if it was made.
  func table(of node: Node) -> (any TableObject)? {
    state.find(resourceName(node), of: AnyObject.self) as? any TableObject
  }

  /// The value of the variable that a node makes.
  func value(of node: Node) throws -> Tensor {
    guard let variable = state.find(resourceName(node), of: Variable.self), variable.isInitialized else {
      throw BNormError.invalid(
        "\(node.op) \"\(node.name)\" has no value: give a checkpoint that holds it")
    }
    return try variable.read()
  }

  /// A function of the frozen graph for `reference`, whose arguments are variables where `kinds`
  /// has a dtype.
  func function(_ reference: FunctionReference, _ kinds: [DType?]) throws -> FunctionReference {
    let body = try graph.functions.body(reference)
    let attributes = reference.attributes.filter { !$0.key.hasPrefix("_") }
    let key =
      "\(reference.name) \(attributes.sorted { $0.key < $1.key }) \(kinds.map { $0?.name ?? "" })"
    if let name = functionNames[key] { return FunctionReference(name: name) }
    var name = reference.name
    var count = 1
    while functions[name] != nil || functionNames.values.contains(name) {
      name = "\(reference.name)_\(count)"
      count += 1
    }
    functionNames[key] = name
    functions[name] = try emit(body, as: name, kinds)
    return FunctionReference(name: name)
  }

  private func emit(
    _ body: Graph, as name: String, _ kinds: [DType?]
  ) throws -> FunctionDefinition {
    let scope = FrozenScope(isFunction: true)
    var inputs: [FunctionDefinition.Argument] = []
    var arguments: [FrozenValue] = []
    for (i, argument) in body.arguments.enumerated() {
      let node = body.nodes[Int(argument.node)]
      let text = scope.unused(GraphFreezer.argumentName(node.name))
      scope.addArgument(text)
      let output = FrozenOutput(node: text, port: 0)
      let kind = i < kinds.count ? kinds[i] : nil
      arguments.append(kind.map { .variable(output, $0) } ?? .tensor(output))
      let dtype = kind ?? node.outputDTypes[0]
      inputs.append(.init(name: text, type: ArgumentType(element: .fixed(dtype))))
    }
    let frame = FreezeFrame(self, scope, body, prefix: "", arguments: arguments, controls: [])
    let results = try frame.emit(body.results, controls: body.controlResults)
    let controls = body.controlResults.flatMap { frame.controls[$0] ?? [] }
    try scope.finish()
    var outputs: [FunctionDefinition.Argument] = []
    var returns: [String: String] = [:]
    for (i, result) in results.enumerated() {
      let value = body.results[i]
      var dtype = body.nodes[Int(value.node)].outputDTypes[Int(value.port)]
      if case .variable(_, let kind) = result { dtype = kind }
      outputs.append(.init(name: "result_\(i)", type: ArgumentType(element: .fixed(dtype))))
      returns["result_\(i)"] = try scope.text(result.output)
    }
    return FunctionDefinition(
      name: name, inputs: inputs, outputs: outputs, nodes: scope.nodes, returns: returns,
      controlReturns: Array(Set(controls)).sorted(), isStateful: scope.nodes.contains {
        OpSignature.find($0.op)?.isStateful ?? true
      })
  }

  /// Arguments have lower case letters, digits and underscores only.
  private static func argumentName(_ name: String) -> String {
    let text = name.lowercased().map { c -> Character in
      c.isASCII && (c.isLetter || c.isNumber) ? c : "_"
    }
    return "arg_" + String(text)
  }
}
