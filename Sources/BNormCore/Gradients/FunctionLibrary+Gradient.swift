import BNormTensor

extension FunctionLibrary {
  /// The body of the gradient of `function`: the one that the library names for it, or one made
  /// from its body, or the gradient of an op.
  func gradientBody(_ function: FunctionReference) throws -> Graph {
    if function.name == "SymbolicGradient" {
      throw BNormError.invalid("a gradient of SymbolicGradient is not defined")
    }
    if let name = gradients[function.name], !name.isEmpty {
      return try found(FunctionReference(name: name, attributes: function.attributes))
    }
    if definitions[function.name] != nil {
      var builder = BodyGradient(try found(function))
      let results = try builder.make()
      return try body(builder.nodes, arguments: builder.arguments, results: results)
    }
    guard let signature = OpSignature.find(function.name) else {
      throw BNormError.invalid("\"\(function.name)\" is neither a function nor an op")
    }
    guard case .rule(let rule)? = OpGradients.find(function.name) else {
      throw BNormError.invalid("no gradient is defined for \(function.name)")
    }
    var builder = try OpGradientBuilder(signature, function.attributes)
    let results = try rule(&builder)
    return try body(builder.nodes, arguments: builder.x + builder.dy, results: results)
  }

  private func body(
    _ nodes: [NodeDefinition], arguments: [String], results: [String]
  ) throws -> Graph {
    let importer = GraphImporter(
      nodes: nodes, library: library, producer: producer, functions: self, isFunctionBody: true)
    let typed = try importer.importNodes()
    func value(_ text: String) throws -> ValueID {
      let (name, port) = try InputName.split(text)
      guard let node = importer.index[name] else {
        throw BNormError.invalid("\"\(name)\" names no node of the gradient")
      }
      return ValueID(Int(node), port)
    }
    return Graph(
      nodes: typed, index: importer.index, producer: producer, functions: self,
      arguments: try arguments.map(value), results: try results.map(value))
  }
}

extension NodeDefinition {
  /// The node for argument `index` of a function.
  static func argument(_ name: String, _ dtype: DType, _ index: Int) -> NodeDefinition {
    NodeDefinition(
      name: name, op: "_Arg", attributes: ["T": .dtype(dtype), "index": .int(index)])
  }
}

extension AttributeValue {
  static func dtype(_ dtype: DType) -> AttributeValue { .type(Int(dtype.rawValue)) }
}
