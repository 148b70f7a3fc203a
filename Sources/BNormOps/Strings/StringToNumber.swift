import BNormCore
import BNormTensor
import Glibc

/// Text as numbers; white space around a number is allowed, anything else refused.
struct StringToNumber: EagerOperation {
  static let opNames = ["StringToNumber"]
  let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("out_type") }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = inputs[0].shape
    func parse<T: Element>(_ read: (String) -> T?) throws -> Tensor {
      Tensor(
        try inputs[0].strings.map { text -> T in
          guard let value = read(NumberText.trim(text)) else {
            throw BNormError.invalid(
              "input 0 (string_tensor): \"\(text)\" is no number of dtype \(dtype.name)")
          }
          return value
        }, shape: shape)
    }
    switch dtype {
    case .float: return [try parse(NumberText.float)]
    case .double: return [try parse(NumberText.double)]
    case .int32: return [try parse { NumberText.integer($0) as Int32? }]
    case .int64: return [try parse { NumberText.integer($0) as Int64? }]
    case .uint32: return [try parse { NumberText.integer($0) as UInt32? }]
    case .uint64: return [try parse { NumberText.integer($0) as UInt64? }]
    default: throw BNormError.unsupported("out_type = \(dtype.name)")
    }
  }
}

/// Numbers as text.
public enum NumberText {
  static func trim(_ text: ByteString) -> String {
    guard let first = text.bytes.firstIndex(where: { !ASCII.isSpace($0) }),
      let last = text.bytes.lastIndex(where: { !ASCII.isSpace($0) })
    else { return "" }
    return String(decoding: text.bytes[first...last], as: UTF8.self)
  }

  static func float(_ text: String) -> Float? {
    scan(text) { strtof($0, $1) }
  }

  static func double(_ text: String) -> Double? {
    scan(text) { strtod($0, $1) }
  }

  private static func scan<T>(
    _ text: String,
    _ read: (UnsafePointer<CChar>, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> T
  ) -> T? {
    // Hexadecimal and "nan(…)" forms are C's, not TensorFlow's.
    guard !text.isEmpty, !text.contains("("), !text.lowercased().contains("x") else { return nil }
    return text.withCString { start in
      var end: UnsafeMutablePointer<CChar>?
      let value = read(start, &end)
      return end == UnsafeMutablePointer(mutating: start) + text.utf8.count ? value : nil
    }
  }

  static func integer<T: FixedWidthInteger>(_ text: String) -> T? {
    text.hasPrefix("+") ? nil : T(text, radix: 10)
  }
}
