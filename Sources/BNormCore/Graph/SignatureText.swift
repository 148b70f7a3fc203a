import BNormTensor
import COpDefs

/// Reads the text form of op signatures.
enum SignatureText {
  /// The table's line for `op`.
  static func lookUp(_ op: String) -> String? {
    bnorm_opdef_find(op).map { String(cString: $0) }
  }

  /// Splits at `separator` outside quotes, brackets and braces.
  static func split(_ text: some StringProtocol, on separator: UInt8) -> [String] {
    var out: [String] = []
    var current: [UInt8] = []
    var depth = 0
    var quoted = false
    var escaped = false
    for c in text.utf8 {
      if quoted {
        current.append(c)
        if escaped { escaped = false } else if c == UInt8(ascii: "\\") { escaped = true }
        else if c == UInt8(ascii: "\"") { quoted = false }
        continue
      }
      switch c {
      case UInt8(ascii: "\""): quoted = true
      case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      case separator where depth == 0:
        out.append(String(decoding: current, as: UTF8.self))
        current = []
        continue
      default: break
      }
      current.append(c)
    }
    if !current.isEmpty { out.append(String(decoding: current, as: UTF8.self)) }
    return out
  }

  static func argumentType(_ text: Substring) -> ArgumentType {
    var text = text
    let isReference = text.hasSuffix("&")
    if isReference { text = text.dropLast() }
    if text.hasPrefix("["), text.hasSuffix("]") {
      return ArgumentType(
        element: .list(String(text.dropFirst().dropLast())), isReference: isReference)
    }
    var number: String?
    if let star = text.firstIndex(of: "*") {
      number = String(text[..<star])
      text = text[text.index(after: star)...]
    }
    let element: ArgumentType.Element =
      DType(name: text).map { .fixed($0) } ?? .attribute(String(text))
    return ArgumentType(element: element, number: number, isReference: isReference)
  }

  /// `KIND[=DEFAULT][{allowed}][>=MIN]`
  static func attribute(_ name: String, _ text: Substring) -> OpSignature.Attribute {
    var rest = Array(text.utf8)
    var minimum: Int?
    var allowed: [String] = []
    func string(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
    if let range = lastRange(of: ">=", in: rest), let value = Int(string(rest[(range + 2)...])) {
      minimum = value
      rest.removeSubrange(range...)
    }
    if rest.last == UInt8(ascii: "}"), let open = rest.lastIndex(of: UInt8(ascii: "{")) {
      // One of the allowed strings may be empty.
      let items = string(rest[(open + 1)..<(rest.count - 1)])
        .split(separator: ",", omittingEmptySubsequences: false)
      allowed = items.map { $0.hasPrefix("\"") ? String($0.dropFirst().dropLast()) : String($0) }
      rest.removeSubrange(open...)
    }
    var value: AttributeValue?
    var kind = string(rest)
    if let equals = rest.firstIndex(of: UInt8(ascii: "=")) {
      kind = string(rest[..<equals])
      value = parse(string(rest[(equals + 1)...]), kind: kind)
    }
    return OpSignature.Attribute(
      name: name, kind: kind, defaultValue: value, allowed: allowed, minimum: minimum)
  }

  private static func lastRange(of needle: String, in bytes: [UInt8]) -> Int? {
    let n = Array(needle.utf8)
    guard bytes.count >= n.count else { return nil }
    for i in stride(from: bytes.count - n.count, through: 0, by: -1)
    where bytes[i] == n[0] && bytes[i + 1] == n[1] {
      return i
    }
    return nil
  }

  static func parse(_ text: String, kind: String) -> AttributeValue? {
    if kind.hasPrefix("list("), text.hasPrefix("[") {
      let inner = String(kind.dropFirst(5).dropLast())
      let items = split(text.dropFirst().dropLast(), on: UInt8(ascii: ","))
      return .list(items.compactMap { parse($0, kind: inner) })
    }
    switch kind {
    case "int": return Int(text).map { .int($0) }
    case "float": return parseFloat(text).map { .float($0) }
    case "bool": return .bool(text == "true")
    case "string": return .string(unescape(text))
    case "type": return DType(name: text).map { .type(Int($0.rawValue)) }
    case "shape":
      guard text.hasPrefix("[") else { return .shape(.unknown) }
      let items = text.dropFirst().dropLast().split(separator: ",")
      return .shape(PartialShape(items.map { Int($0) ?? -1 }))
    case "func": return .function(FunctionReference(name: unescape(text).string))
    default: return nil
    }
  }

  private static func parseFloat(_ text: String) -> Float? {
    switch text {
    case "inf": .infinity
    case "-inf": -.infinity
    case "nan": .nan
    default: Float(text)
    }
  }

  private static func unescape(_ text: String) -> ByteString {
    var bytes = Array(text.utf8)
    if bytes.first == UInt8(ascii: "\""), bytes.count >= 2 { bytes = Array(bytes[1..<(bytes.count - 1)]) }
    var out: [UInt8] = []
    var i = 0
    while i < bytes.count {
      guard bytes[i] == UInt8(ascii: "\\"), i + 1 < bytes.count else {
        out.append(bytes[i])
        i += 1
        continue
      }
      switch bytes[i + 1] {
      case UInt8(ascii: "n"): out.append(10)
      case UInt8(ascii: "t"): out.append(9)
      case UInt8(ascii: "r"): out.append(13)
      case UInt8(ascii: "x") where i + 3 < bytes.count:
        out.append(UInt8(String(decoding: bytes[(i + 2)...(i + 3)], as: UTF8.self), radix: 16) ?? 0)
        i += 2
      default: out.append(bytes[i + 1])
      }
      i += 2
    }
    return ByteString(out)
  }
}
