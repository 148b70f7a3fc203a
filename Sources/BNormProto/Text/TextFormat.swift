import BNormTensor
import CProtobufC

/// Protobuf's text format, as `.pbtxt` files have it.
public struct TextFormat {
  public typealias Descriptor = UnsafePointer<ProtobufCMessageDescriptor>

  private var scanner: TextScanner

  private init(_ text: UnsafeRawBufferPointer) { scanner = TextScanner(text) }

  /// The binary form of the message that `text` describes. `initialize` is the message's generated
  /// `init`. Fields that the description lacks are skipped, except at the outermost level.
  public static func encode<Message>(
    _ text: UnsafeRawBufferPointer, _ initialize: (UnsafeMutablePointer<Message>) -> Void
  ) throws -> [UInt8] {
    var writer = WireWriter()
    var parser = TextFormat(text)
    try parser.message(UnpackArena.descriptor(initialize), &writer, close: nil, depth: 0)
    return writer.bytes
  }

  /// The name of the first field, which tells the kind of message; nil if there is none.
  public static func firstField(_ text: UnsafeRawBufferPointer) -> String? {
    var scanner = TextScanner(text)
    guard scanner.peek() != nil else { return nil }
    return try? scanner.word()
  }

  /// The fields up to `close`, or up to the end of the text.
  private mutating func message(
    _ descriptor: Descriptor?, _ writer: inout WireWriter, close: Unicode.Scalar?, depth: Int
  ) throws {
    guard depth < NestingCheck.limit else {
      throw scanner.error("messages nested more than \(NestingCheck.limit) deep")
    }
    while let next = scanner.peek() {
      if let close, next == UInt8(ascii: close) { break }
      try field(descriptor, &writer, depth)
      if !scanner.take(",") { _ = scanner.take(";") }
    }
    if let close { try scanner.expect(close) }
  }

  private mutating func field(
    _ descriptor: Descriptor?, _ writer: inout WireWriter, _ depth: Int
  ) throws {
    var field: UnsafePointer<ProtobufCFieldDescriptor>?
    if scanner.take("[") {
      try scanner.skipBracketed()
    } else {
      let name = try scanner.word()
      field = descriptor.flatMap { protobuf_c_message_descriptor_get_field_by_name($0, name) }
      if field == nil, depth == 0 { throw scanner.error("unknown field \"\(name)\"") }
    }
    let hasColon = scanner.take(":")
    guard scanner.take("[") else {
      return try value(field, &writer, hasColon, depth)
    }
    if scanner.take("]") { return }
    repeat { try value(field, &writer, true, depth) } while scanner.take(",")
    try scanner.expect("]")
  }

  private mutating func value(
    _ field: UnsafePointer<ProtobufCFieldDescriptor>?, _ writer: inout WireWriter,
    _ hasColon: Bool, _ depth: Int
  ) throws {
    let next = scanner.peek()
    if next == UInt8(ascii: "{") || next == UInt8(ascii: "<") {
      let close: Unicode.Scalar = scanner.take("{") ? "}" : ">"
      if close == ">" { try scanner.expect("<") }
      if let field, field.pointee.type != PROTOBUF_C_TYPE_MESSAGE {
        throw scanner.error("a message for field \"\(String(cString: field.pointee.name))\"")
      }
      var inner = WireWriter()
      let type = field?.pointee.descriptor?.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
      try message(type, &inner, close: close, depth: depth + 1)
      if let field { writer.data(Int(field.pointee.id), inner.bytes) }
      return
    }
    guard hasColon else { throw scanner.error("expected ':' or '{'") }
    guard let field else { return try skipScalar(next) }
    try scalar(field, &writer)
  }

  private mutating func skipScalar(_ next: UInt8?) throws {
    if next == UInt8(ascii: "\"") || next == UInt8(ascii: "'") {
      _ = try scanner.string()
    } else {
      _ = try scanner.word()
    }
  }

  private mutating func scalar(
    _ field: UnsafePointer<ProtobufCFieldDescriptor>, _ writer: inout WireWriter
  ) throws {
    let id = Int(field.pointee.id)
    let type = field.pointee.type
    if type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_BYTES {
      return writer.data(id, try scanner.string())
    }
    let word = try scanner.word()
    switch type {
    case PROTOBUF_C_TYPE_INT32: writer.integer(id, Int(try integer(word, Int32.self)))
    case PROTOBUF_C_TYPE_INT64: writer.integer(id, Int(try integer(word, Int64.self)))
    case PROTOBUF_C_TYPE_UINT32: writer.varint(id, UInt64(try integer(word, UInt32.self)))
    case PROTOBUF_C_TYPE_UINT64: writer.varint(id, try integer(word, UInt64.self))
    case PROTOBUF_C_TYPE_FIXED32: writer.fixed32(id, try integer(word, UInt32.self))
    case PROTOBUF_C_TYPE_FIXED64: writer.fixed64(id, try integer(word, UInt64.self))
    case PROTOBUF_C_TYPE_FLOAT: writer.float(id, Float(try real(word)))
    case PROTOBUF_C_TYPE_DOUBLE: writer.fixed64(id, try real(word).bitPattern)
    case PROTOBUF_C_TYPE_BOOL: writer.bool(id, try boolean(word))
    case PROTOBUF_C_TYPE_ENUM: writer.integer(id, try enumeration(word, field))
    default: throw scanner.error("a value for field \"\(String(cString: field.pointee.name))\"")
    }
  }

  private func integer<T: FixedWidthInteger>(_ word: String, _ type: T.Type) throws -> T {
    let isNegative = word.hasPrefix("-")
    let digits = isNegative ? word.dropFirst() : word[...]
    var value: T?
    let sign = isNegative ? "-" : ""
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
      value = T(sign + digits.dropFirst(2), radix: 16)
    } else if digits.count > 1, digits.hasPrefix("0") {
      value = T(sign + digits.dropFirst(), radix: 8)
    } else {
      value = T(word)
    }
    guard let value else { throw scanner.error("\"\(word)\" is no number of type \(T.self)") }
    return value
  }

  /// Also an integer, `inf`, `nan`, and a trailing `f`.
  private func real(_ word: String) throws -> Double {
    let lower = word.lowercased()
    switch lower {
    case "inf", "infinity", "inff", "+inf": return .infinity
    case "-inf", "-infinity", "-inff": return -.infinity
    case "nan", "nanf", "-nan", "+nan": return .nan
    default: break
    }
    let isHexadecimal = lower.contains("x")
    let digits = lower.hasSuffix("f") && !isHexadecimal ? String(lower.dropLast()) : lower
    guard let value = Double(digits) else { throw scanner.error("\"\(word)\" is no number") }
    return value
  }

  private func boolean(_ word: String) throws -> Bool {
    switch word {
    case "true", "True", "t", "1": return true
    case "false", "False", "f", "0": return false
    default: throw scanner.error("\"\(word)\" is neither true nor false")
    }
  }

  private func enumeration(
    _ word: String, _ field: UnsafePointer<ProtobufCFieldDescriptor>
  ) throws -> Int {
    if let number = Int32(word) { return Int(number) }
    let type = field.pointee.descriptor?.assumingMemoryBound(to: ProtobufCEnumDescriptor.self)
    guard let value = protobuf_c_enum_descriptor_get_value_by_name(type, word) else {
      throw scanner.error("\"\(word)\" is no value of \(String(cString: field.pointee.name))")
    }
    return Int(value.pointee.value)
  }
}
