import BNormTensor

/// The functions of a graph, instantiated when they are first called.
public final class FunctionLibrary: @unchecked Sendable {
  public let definitions: [String: FunctionDefinition]
  public let gradients: [String: String]
  let producer: Int
  let library: OpLibrary
  private let lock = Lock()
  private var bodies: [FunctionReference: Graph] = [:]

  init(_ definition: GraphDefinition, library: OpLibrary) {
    definitions = definition.functions
    gradients = definition.gradients
    producer = definition.producer
    self.library = library
  }

  /// The signature of a node whose op is the name of a function.
  func callSignature(_ name: String) -> OpSignature? {
    definitions[name].map(OpSignature.init(function:))
  }

  /// The typed op of a node; a node whose op is a function's name is a call of it.
  func makeOperation(_ context: NodeContext, library: OpLibrary) throws -> (any Operation)? {
    if let type = library.type(for: context.op) { return try type.init(context) }
    guard definitions[context.op] != nil else { return nil }
    return FunctionCall(FunctionReference(name: context.op, attributes: context.allAttributes))
  }

  /// The body of `function`, made at its first use.
  public func body(_ function: FunctionReference) throws -> Graph {
    try lock.withLock { try found(function) }
  }

  /// The body of `function`, for those that hold the lock.
  func found(_ function: FunctionReference) throws -> Graph {
    if let found = bodies[function] { return found }
    let body = try made(function)
    bodies[function] = body
    return body
  }

  private func made(_ function: FunctionReference) throws -> Graph {
    if let original = function.gradientOf { return try gradientBody(original) }
    guard let definition = definitions[function.name] else {
      throw BNormError.invalid("the graph's library has no function \"\(function.name)\"")
    }
    return try instantiate(definition, function.attributes)
  }

  private func instantiate(
    _ definition: FunctionDefinition, _ given: [String: AttributeValue]
  ) throws -> Graph {
    let attributes = definition.attributeDefaults.merging(given) { $1 }
    var nodes: [NodeDefinition] = []
    var argumentNames: [String] = []
    for argument in definition.inputs {
      for (k, dtype) in try FunctionLibrary.dtypes(of: argument.type, attributes).enumerated() {
        let name = k == 0 ? argument.name : "\(argument.name)/\(k)"
        argumentNames.append(name)
        nodes.append(
          NodeDefinition(
            name: name, op: "_Arg",
            attributes: [
              "T": .type(Int(dtype.rawValue)), "index": .int(argumentNames.count - 1),
            ]))
      }
    }
    for node in definition.nodes {
      var node = node
      node.attributes = try node.attributes.mapValues { try substitute($0, attributes) }
      nodes.append(node)
    }
    do {
      let importer = GraphImporter(
        nodes: nodes, library: library, producer: producer, functions: self, isFunctionBody: true)
      let typed = try importer.importNodes()
      let results = try results(of: definition, attributes, importer)
      let controls = try definition.controlReturns.map { name in
        guard let node = importer.index[name] else {
          throw BNormError.invalid("control output \"\(name)\" names no node")
        }
        return node
      }
      return Graph(
        nodes: typed, index: importer.index, producer: producer, functions: self,
        arguments: argumentNames.indices.map { ValueID($0, 0) }, results: results,
        controlResults: controls)
    } catch let error as BNormError {
      throw error.prefixed("function \"\(definition.name)\"")
    }
  }

  /// The number of an output, or nil for what is none.
  static func port(_ text: some StringProtocol) -> Int? {
    Int(text).flatMap { (0..<(1 << 30)).contains($0) ? $0 : nil }
  }

  private func results(
    of definition: FunctionDefinition, _ attributes: [String: AttributeValue],
    _ importer: GraphImporter
  ) throws -> [ValueID] {
    try definition.outputs.flatMap { output -> [ValueID] in
      guard let text = definition.returns[output.name] else {
        throw BNormError.invalid("output \"\(output.name)\" is not returned")
      }
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard let node = importer.index[parts[0]] else {
        throw BNormError.invalid("output \"\(output.name)\" is \"\(text)\", which names no node")
      }
      let count = try FunctionLibrary.dtypes(of: output.type, attributes).count
      var port = 0
      if parts.count == 3 {
        let source = importer.definitions[Int(node)]
        guard let offset = FunctionLibrary.port(parts[2]) else {
          throw BNormError.invalid("output \"\(output.name)\" is \"\(text)\"")
        }
        // What the outputs of an unknown op are called is unknown as well.
        let signature = OpSignature.find(source.op) ?? callSignature(source.op)
        let first = try signature.map {
          try FunctionLibrary.firstPort(of: parts[1], $0, source.attributes)
        }
        port = (first ?? 0) + offset
      } else if parts.count == 2 {
        guard let given = FunctionLibrary.port(parts[1]) else {
          throw BNormError.invalid("output \"\(output.name)\" is \"\(text)\"")
        }
        port = given
      }
      return (0..<count).map { ValueID(Int(node), port + $0) }
    }
  }

  private func substitute(
    _ value: AttributeValue, _ attributes: [String: AttributeValue]
  ) throws -> AttributeValue {
    switch value {
    case .placeholder(let key):
      guard let found = attributes[key] else {
        throw BNormError.invalid("attribute \(key) of the function is not given")
      }
      return found
    case .list(let items): return .list(try items.map { try substitute($0, attributes) })
    case .function(let f):
      return .function(
        FunctionReference(
          name: f.name, attributes: try f.attributes.mapValues { try substitute($0, attributes) }))
    default: return value
    }
  }

  /// The number of the first port of output argument `name`.
  static func firstPort(
    of name: String, _ signature: OpSignature, _ attributes: [String: AttributeValue]
  ) throws -> Int {
    var port = 0
    for output in signature.outputs {
      if output.name == name { return port }
      port += try dtypes(
        of: output.type, defaults(signature).merging(attributes) { $1 }
      ).count
    }
    throw BNormError.invalid("\(signature.name) has no output \"\(name)\"")
  }

  private static func defaults(_ signature: OpSignature) -> [String: AttributeValue] {
    var out: [String: AttributeValue] = [:]
    for a in signature.attributes { out[a.name] = a.defaultValue }
    return out
  }

  static func dtypes(
    of type: ArgumentType, _ attributes: [String: AttributeValue]
  ) throws -> [DType] {
    var out: [DType]
    switch type.element {
    case .fixed(let dtype): out = [dtype]
    case .attribute(let key):
      guard let dtype = attributes[key]?.asDType else {
        throw BNormError.invalid("attribute \(key) (type) is missing")
      }
      out = [dtype]
    case .list(let key):
      guard case .list(let items) = attributes[key] else {
        throw BNormError.invalid("attribute \(key) (list(type)) is missing")
      }
      out = items.compactMap(\.asDType)
    }
    if let number = type.number {
      guard let n = attributes[number]?.asInt, n >= 0, n <= 1 << 20 else {
        throw BNormError.invalid("attribute \(number) is no count of tensors")
      }
      out = [DType](repeating: out[0], count: n)
    }
    return out
  }
}

extension OpSignature {
  /// The signature under which a function can be used as an op.
  init(function: FunctionDefinition) {
    name = function.name
    inputs = function.inputs.map { Argument(name: $0.name, type: $0.type) }
    outputs = function.outputs.map { Argument(name: $0.name, type: $0.type) }
    attributes = []
    flags = ["stateful"]
    cpuTypes = [:]
  }
}

/// A node whose op is the name of a library function.
struct FunctionCall: FunctionalOperation {
  static let opNames: [String] = []
  let function: FunctionReference

  init(_ function: FunctionReference) { self.function = function }
  init(_ node: NodeContext) throws { function = FunctionReference(name: node.op) }

  var functions: [FunctionReference] { [function] }
  func direct(_ inputs: [Fact]) -> DirectCall? { DirectCall(function, inputs: inputs.indices) }
  func bind(_ inputs: [Fact], _ binder: FunctionBinder) throws -> BoundOperation {
    try BoundCall.bind(function, inputs, binder)
  }
}
