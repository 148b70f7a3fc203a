import BNormTensor

/// Ops that hand a handle or reference on, and what they are called for a value.
private let passing: [String: String] = [
  "Identity": "Identity", "RefIdentity": "Identity", "Switch": "Switch", "RefSwitch": "Switch",
  "Merge": "Merge", "RefMerge": "Merge", "Enter": "Enter", "RefEnter": "Enter", "Exit": "Exit",
  "RefExit": "Exit", "NextIteration": "NextIteration", "RefNextIteration": "NextIteration",
  "StopGradient": "StopGradient",
]

/// Ops that run functions: the attributes with the functions, the first input that is an argument,
/// and the attributes with the arguments' and the results' dtypes.
private let functional: [String: FunctionalShape] = [
  "If": (["then_branch", "else_branch"], 1, "Tin", "Tout"),
  "StatelessIf": (["then_branch", "else_branch"], 1, "Tin", "Tout"),
  "Case": (["branches"], 1, "Tin", "Tout"),
  "StatelessCase": (["branches"], 1, "Tin", "Tout"),
  "While": (["cond", "body"], 0, "T", nil),
  "StatelessWhile": (["cond", "body"], 0, "T", nil),
]
private typealias FunctionalShape = (
  functions: [String], first: Int, inputs: String, outputs: String?
)

extension FreezeFrame {
  /// Writes a node that is no call and makes no variable.
  func write(_ index: Int32, _ inputs: [FrozenValue]) throws {
    let node = graph.nodes[Int(index)]
    var op = node.op
    var outputs = inputs.map(\.output)
    var attributes = node.attributes.filter { !$0.key.hasPrefix("_") }
    var results: [Int: DType] = [:]
    let variables = inputs.map { value -> DType? in
      if case .variable(_, let dtype) = value { dtype } else { nil }
    }
    if let shape = functional[op] {
      results = try rewriteFunctions(shape, node, variables, &attributes)
    } else if let value = passing[op] {
      op = value
      if let dtype = variables.compactMap({ $0 }).first {
        attributes["T"] = .type(Int(dtype.rawValue))
        for port in 0..<(op == "Switch" ? 2 : 1) { results[port] = dtype }
      }
    } else if op == "IsVariableInitialized" || op == "VarIsInitializedOp" {
      return set(index, .tensor(scope.constant(name(index), Tensor(scalar: true))))
    } else if variables.contains(where: { $0 != nil }) {
      (op, outputs, attributes) = try readVariable(node, variables, outputs, attributes)
    } else if zip(node.inputIsReference, node.inputs).contains(where: { $0.0 }) {
      throw BNormError.unsupported("freezing a graph that assigns variables")
    }
    try freezeOtherFunctions(&attributes, node)
    let text = name(index)
    guard !scope.contains(text) else {
      throw BNormError.invalid("two nodes would have the name \"\(text)\"")
    }
    scope.add(text, op, outputs, controls: controls(of: node), attributes: attributes)
    controls[index] = [text]
    for (port, dtype) in results {
      values[ValueID(Int(index), port)] = .variable(FrozenOutput(node: text, port: port), dtype)
    }
  }

  /// The op that does with a value what `node` does with a variable's handle.
  private func readVariable(
    _ node: Node, _ variables: [DType?], _ inputs: [FrozenOutput],
    _ attributes: [String: AttributeValue]
  ) throws -> (String, [FrozenOutput], [String: AttributeValue]) {
    guard let dtype = variables[0], variables.dropFirst().allSatisfy({ $0 == nil }) else {
      throw BNormError.unsupported("freezing an op that takes several variables")
    }
    let type = AttributeValue.type(Int(dtype.rawValue))
    switch node.op {
    case "ReadVariableOp": return ("Identity", inputs, ["T": type])
    case "VariableShape":
      return ("Shape", inputs, ["T": type, "out_type": attributes["out_type"] ?? .type(3)])
    case "ResourceGather":
      let batch = attributes["batch_dims"] ?? .int(0)
      let axis = scope.constant(
        prefix + node.name + "/axis", Tensor(scalar: Int32(clamping: batch.asInt ?? 0)))
      return (
        "GatherV2", inputs + [axis],
        [
          "Tparams": type, "Tindices": attributes["Tindices"] ?? .type(3), "Taxis": .type(3),
          "batch_dims": batch,
        ]
      )
    case "ResourceGatherNd":
      return (
        "GatherNd", inputs, ["Tparams": type, "Tindices": attributes["Tindices"] ?? .type(3)]
      )
    default: throw BNormError.unsupported("freezing a graph in which this op uses a variable")
    }
  }

  /// Gives the functions of an op variants that take values for variables; the ports of the op
  /// that are variables then.
  private func rewriteFunctions(
    _ shape: FunctionalShape, _ node: Node, _ variables: [DType?], _ attributes: inout [String: AttributeValue]
  ) throws -> [Int: DType] {
    let kinds = Array(variables.dropFirst(shape.first))
    for key in shape.functions {
      switch attributes[key] {
      case .function(let f): attributes[key] = .function(try freezer.function(f, kinds))
      case .list(let items):
        attributes[key] = .list(
          try items.map { item in
            guard case .function(let f) = item else { return item }
            return .function(try freezer.function(f, kinds))
          })
      default: throw BNormError.invalid("attribute \(key) (func) is missing")
      }
    }
    guard kinds.contains(where: { $0 != nil }) else { return [:] }
    func replaced(_ key: String) {
      guard case .list(let types) = attributes[key] else { return }
      attributes[key] = .list(
        types.enumerated().map { i, type in
          i < kinds.count ? kinds[i].map { .type(Int($0.rawValue)) } ?? type : type
        })
    }
    replaced(shape.inputs)
    guard shape.outputs == nil else { return [:] }
    var ports: [Int: DType] = [:]
    for (i, kind) in kinds.enumerated() { ports[i] = kind }
    return ports
  }

  /// Functions in attributes of other ops, which get no variables.
  private func freezeOtherFunctions(
    _ attributes: inout [String: AttributeValue], _ node: Node
  ) throws {
    guard functional[node.op] == nil else { return }
    for (key, value) in attributes {
      guard case .function(let f) = value, graph.functions.definitions[f.name] != nil else {
        continue
      }
      attributes[key] = .function(try freezer.function(f, []))
    }
  }
}
