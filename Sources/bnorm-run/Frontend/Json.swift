/// JSON text for `--json`.
indirect enum Json: CustomStringConvertible {
  case string(String)
  case int(Int)
  case number(Double)
  case bool(Bool)
  case null
  case array([Json])
  case object([(String, Json)])

  var description: String {
    switch self {
    case .string(let s): Json.quote(s)
    case .int(let i): String(i)
    case .number(let x): x.isFinite ? "\(x)" : "null"
    case .bool(let b): b ? "true" : "false"
    case .null: "null"
    case .array(let items): "[" + items.map(\.description).joined(separator: ", ") + "]"
    case .object(let members):
      "{" + members.map { Json.quote($0.0) + ": " + $0.1.description }.joined(separator: ", ") + "}"
    }
  }

  static func quote(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case "\r": out += "\\r"
      case _ where scalar.value < 32:
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
