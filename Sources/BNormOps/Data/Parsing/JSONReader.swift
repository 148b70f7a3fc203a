import BNormTensor

/// A JSON value. Numbers stay text; the members of an object keep their order.
indirect enum JSONValue {
  case null
  case bool(Bool)
  case number(String)
  case string(ByteString)
  case array([JSONValue])
  case object([(key: ByteString, value: JSONValue)])
}

/// Reads JSON as protobuf does: strings may have single quotes, lists a comma at the end.
struct JSONReader {
  private let bytes: [UInt8]
  private var offset = 0
  private static let maximumDepth = 100

  static func read(_ text: ByteString) throws -> JSONValue {
    var reader = JSONReader(bytes: text.bytes)
    let value = try reader.value(0)
    reader.skipSpace()
    guard reader.offset == reader.bytes.count else { throw reader.error("text after the end") }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private func error(_ what: String) -> BNormError {
    BNormError.invalid("Error while parsing JSON: \(what) at byte \(offset)")
  }

  private mutating func skipSpace() {
    while offset < bytes.count, [9, 10, 13, 32].contains(bytes[offset]) { offset += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard offset < bytes.count, bytes[offset] == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func value(_ depth: Int) throws -> JSONValue {
    guard depth < JSONReader.maximumDepth else { throw error("values within values too deep") }
    skipSpace()
    guard offset < bytes.count else { throw error("unexpected end") }
    switch bytes[offset] {
    case UInt8(ascii: "{"):
      offset += 1
      var members: [(key: ByteString, value: JSONValue)] = []
      while !take("}") {
        let key = try string()
        guard take(":") else { throw error("expected ':'") }
        members.append((key, try value(depth + 1)))
        if !take(","), !(offset < bytes.count && bytes[offset] == UInt8(ascii: "}")) {
          throw error("expected ',' or '}'")
        }
      }
      return .object(members)
    case UInt8(ascii: "["):
      offset += 1
      var items: [JSONValue] = []
      while !take("]") {
        items.append(try value(depth + 1))
        if !take(","), !(offset < bytes.count && bytes[offset] == UInt8(ascii: "]")) {
          throw error("expected ',' or ']'")
        }
      }
      return .array(items)
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string())
    default: return try word()
    }
  }

  private mutating func word() throws -> JSONValue {
    let start = offset
    let others = Array("+-.".utf8)
    while offset < bytes.count {
      let byte = bytes[offset]
      let isLetter = (byte | 32) >= UInt8(ascii: "a") && (byte | 32) <= UInt8(ascii: "z")
      guard isLetter || (48...57).contains(byte) || others.contains(byte) else { break }
      offset += 1
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    switch text {
    case "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    default:
      guard Double(text) != nil, let first = text.utf8.first,
        first == UInt8(ascii: "-") || (48...57).contains(first)
      else {
        offset = start
        throw error("unexpected character")
      }
      return .number(text)
    }
  }

  private mutating func string() throws -> ByteString {
    skipSpace()
    guard offset < bytes.count, [UInt8(ascii: "\""), UInt8(ascii: "'")].contains(bytes[offset])
    else { throw error("expected a string") }
    let quote = bytes[offset]
    offset += 1
    var out: [UInt8] = []
    while offset < bytes.count, bytes[offset] != quote {
      let byte = bytes[offset]
      offset += 1
      guard byte == UInt8(ascii: "\\") else {
        out.append(byte)
        continue
      }
      guard offset < bytes.count else { break }
      let escape = bytes[offset]
      offset += 1
      switch Unicode.Scalar(escape) {
      case "b": out.append(8)
      case "f": out.append(12)
      case "n": out.append(10)
      case "r": out.append(13)
      case "t": out.append(9)
      case "u": out += Array(String(try escapedCharacter()).utf8)
      case "\"", "'", "\\", "/": out.append(escape)
      default: throw error("invalid escape")
      }
    }
    guard offset < bytes.count else { throw error("a string without an end") }
    offset += 1
    return ByteString(out)
  }

  private mutating func escapedCharacter() throws -> Character {
    func unit() throws -> UInt32 {
      guard bytes.count - offset >= 4,
        let value = UInt32(String(decoding: bytes[offset..<offset + 4], as: UTF8.self), radix: 16)
      else { throw error("invalid \\u escape") }
      offset += 4
      return value
    }
    var code = try unit()
    if (0xd800..<0xdc00).contains(code), bytes.count - offset >= 6,
      bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u")
    {
      offset += 2
      let low = try unit()
      guard (0xdc00..<0xe000).contains(low) else { throw error("half of a surrogate pair") }
      code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair") }
    return Character(scalar)
  }
}
