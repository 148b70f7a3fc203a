import BNormCore
import BNormProto
import BNormTensor

/// `Example` messages written as JSON in their binary form.
struct DecodeJSONExample: EagerOperation {
  static let opNames = ["DecodeJSONExample"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    [Tensor(strings: try inputs[0].strings.map(encode), shape: inputs[0].shape)]
  }

  private func encode(_ text: ByteString) throws -> ByteString {
    let value = try JSONReader.read(text)
    guard case .object = value else { throw mismatch("an object") }
    var writer = WireWriter()
    try forEach(value, ["features"]) { _, features in
      try writer.message(1) { writer in
        try forEach(features, ["feature"]) { _, map in
          guard case .object(let members) = map else { throw mismatch("an object of features") }
          for (key, feature) in members {
            try writer.message(1) { writer in
              writer.data(1, key.bytes)
              try writer.message(2) { try encodeFeature(feature, &$0) }
            }
          }
        }
      }
    }
    return ByteString(writer.bytes)
  }

  private func encodeFeature(_ feature: JSONValue, _ writer: inout WireWriter) throws {
    try forEach(feature, ["bytesList", "floatList", "int64List"]) { kind, list in
      try writer.message(kind + 1) { writer in
        try forEach(list, ["value"]) { _, values in
          guard case .array(let items) = values else { throw mismatch("a list of values") }
          for item in items {
            switch kind {
            case 0: writer.data(1, try bytes(item))
            case 1: writer.float(1, try float(item))
            default: writer.varint(1, UInt64(bitPattern: try integer(item)))
            }
          }
        }
      }
    }
  }

  private func mismatch(_ what: String) -> BNormError {
    BNormError.invalid("Error while parsing JSON: expected \(what)")
  }

  /// Calls `body` with the number of each field of a message that is not null.
  private func forEach(
    _ value: JSONValue, _ fields: [String], _ body: (Int, JSONValue) throws -> Void
  ) throws {
    guard case .object(let members) = value else { throw mismatch("an object") }
    for (key, member) in members {
      let number = fields.firstIndex { field in
        let lowered = field.flatMap { $0.isUppercase ? "_" + $0.lowercased() : String($0) }
        return ByteString(field) == key || ByteString(String(lowered)) == key
      }
      guard let number else { throw mismatch("one of \(fields), not '\(key)'") }
      if case .null = member { continue }
      try body(number, member)
    }
  }

  private func integer(_ value: JSONValue) throws -> Int64 {
    let text: String
    switch value {
    case .number(let number): text = number
    case .string(let string): text = string.string
    default: throw mismatch("an int64")
    }
    if let value = Int64(text) { return value }
    if let value = Double(text), let exact = Int64(exactly: value) { return exact }
    throw mismatch("an int64, not \(text)")
  }

  private func float(_ value: JSONValue) throws -> Float {
    let text: String
    switch value {
    case .number(let number): text = number
    case .string(let string):
      text = string.string
      switch text {
      case "NaN": return .nan
      case "Infinity": return .infinity
      case "-Infinity": return -.infinity
      default: break
      }
    default: throw mismatch("a float")
    }
    guard let value = Float(text), value.isFinite else { throw mismatch("a float, not \(text)") }
    return value
  }

  /// Base64 in the common or the URL-safe alphabet.
  private func bytes(_ value: JSONValue) throws -> [UInt8] {
    guard case .string(let string) = value else { throw mismatch("bytes in base64") }
    var out: [UInt8] = []
    var (buffer, bits): (UInt32, UInt32) = (0, 0)
    var digits = string.bytes[...]
    while digits.last == UInt8(ascii: "=") { digits = digits.dropLast() }
    for byte in digits {
      let digit: UInt8
      switch Unicode.Scalar(byte) {
      case "A"..."Z": digit = byte - 65
      case "a"..."z": digit = byte - 71
      case "0"..."9": digit = byte + 4
      case "+", "-": digit = 62
      case "/", "_": digit = 63
      default: throw mismatch("bytes in base64")
      }
      buffer = buffer << 6 | UInt32(digit)
      bits += 6
      if bits >= 8 {
        bits -= 8
        out.append(UInt8(truncatingIfNeeded: buffer >> bits))
        buffer &= (1 << bits) - 1
      }
    }
    guard bits < 6 else { throw mismatch("bytes in base64") }
    return out
  }
}
