import BNormCore
import BNormProto
import BNormTensor

/// Writes `FunctionDef` messages.
enum FunctionEncoder {
  static func encode(_ function: FunctionDefinition, _ writer: inout WireWriter) throws {
    try writer.message(1) { try signature(function, &$0) }
    for node in function.nodes { try writer.message(3) { try NodeEncoder.encode(node, &$0) } }
    map(function.returns, field: 4, &writer)
    try AttributeEncoder.encode(function.attributes, field: 5, &writer)
    map(Dictionary(function.controlReturns.map { ($0, $0) }) { $1 }, field: 6, &writer)
  }

  private static func signature(
    _ function: FunctionDefinition, _ writer: inout WireWriter
  ) throws {
    writer.string(1, function.name)
    for input in function.inputs { writer.message(2) { argument(input, &$0) } }
    for output in function.outputs { writer.message(3) { argument(output, &$0) } }
    for (name, kind) in attributeKinds(function).sorted(by: { $0.key < $1.key }) {
      try writer.message(4) { attribute in
        attribute.string(1, name)
        attribute.string(2, kind)
        if let value = function.attributeDefaults[name] {
          try attribute.message(3) { try AttributeEncoder.encode(value, &$0) }
        }
      }
    }
    if function.isStateful { writer.bool(17, true) }
    for name in function.controlReturns { writer.string(20, name) }
  }

  private static func argument(
    _ argument: FunctionDefinition.Argument, _ writer: inout WireWriter
  ) {
    writer.string(1, argument.name)
    switch argument.type.element {
    case .fixed(let dtype): writer.integer(3, Int(dtype.rawValue))
    case .attribute(let key): writer.string(4, key)
    case .list(let key): writer.string(6, key)
    }
    if let number = argument.type.number { writer.string(5, number) }
    if argument.type.isReference { writer.bool(16, true) }
  }

  /// The kinds of the attributes that the function is instantiated with, from where they are used.
  private static func attributeKinds(_ function: FunctionDefinition) -> [String: String] {
    var kinds: [String: String] = [:]
    for node in function.nodes {
      let signature = OpSignature.find(node.op)
      for case (let key, .placeholder(let name)) in node.attributes {
        kinds[name] = signature?.attribute(key)?.kind
      }
    }
    for (name, value) in function.attributeDefaults { kinds[name] = value.kindName }
    for argument in function.inputs + function.outputs {
      switch argument.type.element {
      case .fixed: break
      case .attribute(let key): kinds[key] = "type"
      case .list(let key): kinds[key] = "list(type)"
      }
      if let number = argument.type.number { kinds[number] = "int" }
    }
    return kinds
  }

  private static func map(_ entries: [String: String], field: Int, _ writer: inout WireWriter) {
    for (key, value) in entries.sorted(by: { $0.key < $1.key }) {
      writer.message(field) {
        $0.string(1, key)
        $0.string(2, value)
      }
    }
  }
}
