import BNormCore
import BNormTensor
import Glibc

/// Numbers as text, formatted as C's printf does.
struct AsString: EagerOperation {
  static let opNames = ["AsString"]
  let dtype: DType
  let format: String

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("T")
    let precision = try node.int("precision")
    let scientific = try node.bool("scientific")
    let shortest = try node.bool("shortest")
    let width = try node.int("width")
    let fill = try node.string("fill")
    let isReal = dtype.isFloating || dtype.isComplex
    guard isReal || (!scientific && !shortest) else {
      throw BNormError.invalid("scientific and shortest need a floating T, T is \(dtype.name)")
    }
    guard isReal || precision < 0 else {
      throw BNormError.invalid("precision needs a floating T, T is \(dtype.name)")
    }
    guard !(scientific && shortest) else {
      throw BNormError.invalid("scientific and shortest exclude each other")
    }
    guard fill.utf8.count <= 1 else {
      throw BNormError.invalid("attribute fill is \"\(fill)\", expected at most one character")
    }
    guard width < 1 << 16, precision < 1 << 16 else {
      throw BNormError.invalid("width \(width) or precision \(precision) is too large")
    }
    if !fill.isEmpty {
      guard " +-0#".contains(fill) else {
        throw BNormError.invalid("attribute fill is \"\(fill)\", expected one of ' ', +, -, 0, #")
      }
      guard dtype != .bool, dtype != .string || fill == "-" || fill == " " else {
        throw BNormError.invalid("fill \"\(fill)\" does not apply to T = \(dtype.name)")
      }
    }
    var format = "%" + fill
    if width > -1, dtype != .bool { format += String(width) }
    if precision > -1 { format += "." + String(precision) }
    switch dtype {
    case _ where isReal: format += scientific ? "e" : shortest ? "g" : "f"
    case .bool, .string: format += "s"
    case .uint8, .uint16, .uint32, .uint64: format += "lu"
    default: format += "ld"
    }
    self.format = format
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let x = inputs[0]
    let texts: [String]
    switch dtype {
    case .string:
      guard format != "%s" else { return [x] }
      return [
        Tensor(
          strings: x.strings.map { text in
            (text.bytes + [0]).withUnsafeBufferPointer { Printf.bytes(format, [$0.baseAddress!]) }
          }, shape: x.shape)
      ]
    case .bool: texts = x.elements(Bool.self).map { Printf.text(format, string: $0 ? "true" : "false") }
    case .uint64: texts = x.elements(UInt64.self).map { Printf.text(format, [$0]) }
    case .complex64:
      texts = x.elements(Complex64.self).map {
        "(" + Printf.text(format, [Double($0.real)]) + ","
          + Printf.text(format, [Double($0.imaginary)]) + ")"
      }
    case .complex128:
      texts = x.elements(Complex128.self).map {
        "(" + Printf.text(format, [$0.real]) + "," + Printf.text(format, [$0.imaginary]) + ")"
      }
    case .variant: throw BNormError.unsupported("T = variant")
    default:
      if let integers = x.integers {
        texts = integers.map { Printf.text(format, [$0]) }
      } else {
        texts = (x.doubles ?? []).map { Printf.text(format, [$0]) }
      }
    }
    return [Tensor(strings: texts.map { ByteString($0) }, shape: x.shape)]
  }
}

/// C's formatting.
enum Printf {
  static func bytes(_ format: String, _ arguments: [any CVarArg]) -> ByteString {
    withVaList(arguments) { list in
      var buffer = [CChar](repeating: 0, count: 64)
      let needed = Int(vsnprintf(&buffer, buffer.count, format, list))
      guard needed >= 0 else { return .empty }
      guard needed < buffer.count else {
        return withVaList(arguments) { again in
          var large = [CChar](repeating: 0, count: needed + 1)
          vsnprintf(&large, large.count, format, again)
          return ByteString(large.dropLast().map { UInt8(bitPattern: $0) })
        }
      }
      return ByteString(buffer[0..<needed].map { UInt8(bitPattern: $0) })
    }
  }

  static func text(_ format: String, _ arguments: [any CVarArg]) -> String {
    bytes(format, arguments).string
  }

  static func text(_ format: String, string: String) -> String {
    string.withCString { text(format, [$0]) }
  }
}
