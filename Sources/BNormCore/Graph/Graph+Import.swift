import BNormTensor

extension Graph {
  /// Makes a typed graph: resolves names, fills in default attributes, decodes each op, and checks
  /// what TensorFlow checks at import (names, arity, dtypes, attributes, cycles).
  public convenience init(_ definition: GraphDefinition, library: OpLibrary) throws {
    let functions = FunctionLibrary(definition, library: library)
    let importer = GraphImporter(
      nodes: definition.nodes, library: library, producer: definition.producer,
      functions: functions)
    let nodes = try importer.importNodes()
    self.init(
      nodes: nodes, index: importer.index, producer: definition.producer, functions: functions)
  }
}

/// Turns node definitions into typed nodes.
final class GraphImporter {
  let definitions: [NodeDefinition]
  let library: OpLibrary
  let producer: Int
  let functions: FunctionLibrary
  /// Set for a function body, whose inputs are named `node:output:index`.
  let isFunctionBody: Bool
  var index: [String: Int32] = [:]

  init(
    nodes: [NodeDefinition], library: OpLibrary, producer: Int, functions: FunctionLibrary,
    isFunctionBody: Bool = false
  ) {
    definitions = nodes
    self.library = library
    self.producer = producer
    self.functions = functions
    self.isFunctionBody = isFunctionBody
  }

  func importNodes() throws -> [Node] {
    index.reserveCapacity(definitions.count)
    for (i, definition) in definitions.enumerated() {
      guard !definition.name.isEmpty else {
        throw BNormError.invalid("node \(i), a \(definition.op), has no name")
      }
      guard index.updateValue(Int32(i), forKey: definition.name) == nil else {
        throw BNormError.invalid("two nodes have the name \"\(definition.name)\"")
      }
      guard isFunctionBody || definition.name.utf8.allSatisfy(isNameByte) else {
        throw BNormError.invalid("node \"\(definition.name)\": its name has invalid characters")
      }
    }
    var typings: [NodeTyping?] = []
    typings.reserveCapacity(definitions.count)
    for definition in definitions {
      typings.append(try wrap(definition) { try typing(definition) })
    }
    var nodes: [Node] = []
    nodes.reserveCapacity(definitions.count)
    for (i, definition) in definitions.enumerated() {
      nodes.append(try wrap(definition) { try makeNode(definition, typings[i], typings) })
    }
    try TopologicalOrder.check(nodes)
    return nodes
  }

  /// Letters, digits and `. _ / - > \` stand in the names of nodes.
  private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "-")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ">"),
      UInt8(ascii: "\\"):
      true
    default: false
    }
  }

  private func wrap<R>(_ definition: NodeDefinition, _ body: () throws -> R) throws -> R {
    do { return try body() } catch let error as BNormError {
      throw error.prefixed("\(definition.op) \"\(definition.name)\"")
    }
  }

  /// nil for an op without a signature.
  private func typing(_ definition: NodeDefinition) throws -> NodeTyping? {
    guard let signature = signature(of: definition) else { return nil }
    return try NodeTyping(signature: signature, attributes: definition.attributes)
  }

  private func signature(of definition: NodeDefinition) -> OpSignature? {
    OpSignature.find(definition.op) ?? functions.callSignature(definition.op)
  }

  private func makeNode(
    _ definition: NodeDefinition, _ typing: NodeTyping?, _ typings: [NodeTyping?]
  ) throws -> Node {
    var inputs: [ValueID] = []
    var controls: [Int32] = []
    for text in definition.inputs {
      let (name, port) = try resolve(text, typings)
      guard let node = index[name] else {
        throw BNormError.invalid("input \"\(text)\" names no node of the graph")
      }
      if port < 0 {
        if !controls.contains(node) { controls.append(node) }
      } else {
        guard controls.isEmpty else {
          throw BNormError.invalid("input \"\(text)\" follows a control input")
        }
        inputs.append(ValueID(Int(node), port))
      }
    }
    guard let typing, let signature = signature(of: definition) else {
      return Node(
        name: definition.name, op: definition.op, operation: nil, signature: nil, inputs: inputs,
        controls: controls, outputDTypes: [], outputIsReference: [],
        inputIsReference: inputs.map { _ in false }, attributes: definition.attributes)
    }
    try check(inputs, definition, typing, typings)
    let context = NodeContext(
      name: definition.name, op: definition.op, signature: signature,
      attributes: definition.attributes, inputDTypes: typing.inputs.map { $0.dtype! },
      outputDTypes: typing.outputs.map(\.dtype), producer: producer)
    return Node(
      name: definition.name, op: definition.op,
      operation: try functions.makeOperation(context, library: library), signature: signature,
      inputs: inputs, controls: controls, outputDTypes: context.outputDTypes,
      outputIsReference: typing.outputs.map(\.isReference),
      inputIsReference: typing.inputs.map(\.isReference), attributes: definition.attributes)
  }

  private func check(
    _ inputs: [ValueID], _ definition: NodeDefinition, _ typing: NodeTyping, _ typings: [NodeTyping?]
  ) throws {
    guard inputs.count == typing.inputs.count else {
      throw BNormError.invalid("has \(inputs.count) inputs, expected \(typing.inputs.count)")
    }
    for (i, input) in inputs.enumerated() {
      guard let source = typings[Int(input.node)] else { continue }
      let sourceName = definitions[Int(input.node)].name
      guard Int(input.port) < source.outputs.count else {
        throw BNormError.invalid(
          "input \(i) is \"\(sourceName):\(input.port)\", which has \(source.outputs.count) outputs")
      }
      let given = source.outputs[Int(input.port)]
      let expected = typing.inputs[i]
      guard given.dtype == expected.dtype else {
        throw BNormError.invalid(
          "input \(i) (\"\(sourceName)\") has dtype \(given.dtype.name), "
            + "expected \(expected.dtype!.name)")
      }
      if expected.isReference, !given.isReference {
        throw BNormError.invalid("input \(i) (\"\(sourceName)\") must be a reference to a variable")
      }
    }
  }

  /// Node name and port that an input's text means; port -1 for a control input.
  private func resolve(
    _ text: String, _ typings: [NodeTyping?]
  ) throws -> (name: String, port: Int) {
    guard isFunctionBody, !text.hasPrefix("^") else { return try InputName.split(text) }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, let offset = FunctionLibrary.port(parts[2]) else {
      return try InputName.split(text)
    }
    let name = String(parts[0])
    guard let node = index[name] else {
      throw BNormError.invalid("input \"\(text)\" names no node of the function")
    }
    // What the outputs of an unknown op are called is unknown as well.
    guard let signature = signature(of: definitions[Int(node)]) else { return (name, offset) }
    let base = try FunctionLibrary.firstPort(
      of: String(parts[1]), signature, definitions[Int(node)].attributes)
    return (name, base + offset)
  }
}
