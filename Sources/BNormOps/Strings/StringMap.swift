import BNormCore
import BNormTensor

/// Ops that turn each string into another by itself.
struct StringMap: EagerOperation {
  static let opNames = ["StringLower", "StringUpper", "StringStrip", "EncodeBase64", "DecodeBase64"]
  private let transform: @Sendable (ByteString) throws -> ByteString

  init(_ node: NodeContext) throws {
    switch node.op {
    case "StringLower", "StringUpper":
      let encoding = try node.string("encoding")
      let lowers = node.op == "StringLower"
      guard encoding.isEmpty || encoding == "utf-8" else {
        throw BNormError.invalid("attribute encoding is \"\(encoding)\", expected \"\" or utf-8")
      }
      guard encoding.isEmpty else {
        transform = { ByteString(lowers ? $0.string.lowercased() : $0.string.uppercased()) }
        return
      }
      transform = { ByteString($0.bytes.map { lowers ? ASCII.lower($0) : ASCII.upper($0) }) }
    case "StringStrip":
      transform = { text in
        guard let first = text.bytes.firstIndex(where: { !ASCII.isSpace($0) }),
          let last = text.bytes.lastIndex(where: { !ASCII.isSpace($0) })
        else { return .empty }
        return ByteString(text.bytes[first...last])
      }
    case "EncodeBase64":
      let pads = try node.bool("pad")
      transform = { Base64.encode($0, pads: pads) }
    default: transform = Base64.decode
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    [Tensor(strings: try inputs[0].strings.map(transform), shape: inputs[0].shape)]
  }
}

/// Bytes as ASCII characters.
enum ASCII {
  static func isSpace(_ c: UInt8) -> Bool { c == 32 || (9...13).contains(c) }
  static func lower(_ c: UInt8) -> UInt8 { (65...90).contains(c) ? c + 32 : c }
  static func upper(_ c: UInt8) -> UInt8 { (97...122).contains(c) ? c - 32 : c }
}

/// Base64 with the alphabet for URLs and file names.
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
  private static let values: [UInt8: UInt32] = Dictionary(
    uniqueKeysWithValues: alphabet.enumerated().map { ($1, UInt32($0)) })

  static func encode(_ text: ByteString, pads: Bool) -> ByteString {
    var out: [UInt8] = []
    out.reserveCapacity((text.count + 2) / 3 * 4)
    for i in stride(from: 0, to: text.count, by: 3) {
      let n = min(3, text.count - i)
      var group: UInt32 = 0
      for k in 0..<3 { group = group << 8 | (k < n ? UInt32(text.bytes[i + k]) : 0) }
      for k in 0...n { out.append(alphabet[Int(group >> UInt32(18 - 6 * k) & 63)]) }
      if pads { for _ in n..<3 { out.append(UInt8(ascii: "=")) } }
    }
    return ByteString(out)
  }

  @Sendable static func decode(_ text: ByteString) throws -> ByteString {
    var bytes = text.bytes[...]
    if bytes.count % 4 == 0 {
      for _ in 0..<2 where bytes.last == UInt8(ascii: "=") { bytes.removeLast() }
    }
    guard bytes.count % 4 != 1 else {
      throw BNormError.invalid("base64 string of \(text.count) bytes has an impossible length")
    }
    var out: [UInt8] = []
    var group: UInt32 = 0
    var bits: UInt32 = 0
    for c in bytes {
      guard let value = values[c] else {
        throw BNormError.invalid("base64 string holds the byte \(c), which is not of its alphabet")
      }
      group = group << 6 | value
      bits += 6
      if bits >= 8 {
        bits -= 8
        out.append(UInt8(truncatingIfNeeded: group >> bits))
      }
    }
    return ByteString(out)
  }
}
