import BNormCore
import BNormProto
import BNormTensor

/// Writes `AttrValue` messages.
enum AttributeEncoder {
  /// The entries of a map of attributes, in order of their names.
  static func encode(
    _ attributes: [String: AttributeValue], field: Int, _ writer: inout WireWriter
  ) throws {
    for (key, value) in attributes.sorted(by: { $0.key < $1.key }) {
      try writer.message(field) { entry in
        entry.string(1, key)
        try entry.message(2) { try encode(value, &$0) }
      }
    }
  }

  static func encode(_ value: AttributeValue, _ writer: inout WireWriter) throws {
    switch value {
    case .list(let items): try writer.message(1) { try encode(items, &$0) }
    case .string(let v): writer.data(2, v.bytes)
    case .int(let v): writer.integer(3, v)
    case .float(let v): writer.float(4, v)
    case .bool(let v): writer.bool(5, v)
    case .type(let v): writer.integer(6, v)
    case .shape(let v): writer.message(7) { ShapeEncoder.encode(v, &$0) }
    case .tensor(let v): try writer.message(8) { try TensorProtoEncoder.encode(v, &$0) }
    case .placeholder(let v): writer.string(9, v)
    case .function(let v): try writer.message(10) { try encode(v, &$0) }
    }
  }

  private static func encode(_ function: FunctionReference, _ writer: inout WireWriter) throws {
    writer.string(1, function.name)
    try encode(function.attributes, field: 2, &writer)
  }

  private static func encode(_ items: [AttributeValue], _ writer: inout WireWriter) throws {
    for item in items {
      switch item {
      case .string(let v): writer.data(2, v.bytes)
      case .int(let v): writer.integer(3, v)
      case .float(let v): writer.float(4, v)
      case .bool(let v): writer.bool(5, v)
      case .type(let v): writer.integer(6, v)
      case .shape(let v): writer.message(7) { ShapeEncoder.encode(v, &$0) }
      case .tensor(let v): try writer.message(8) { try TensorProtoEncoder.encode(v, &$0) }
      case .function(let v): try writer.message(9) { try encode(v, &$0) }
      case .list, .placeholder:
        throw BNormError.invalid("a list of \(item.kindName) cannot be written")
      }
    }
  }
}
