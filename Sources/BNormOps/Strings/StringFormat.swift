import BNormCore
import BNormTensor

/// A template with tensors in place of its placeholders.
struct StringFormat: EagerOperation {
  static let opNames = ["StringFormat"]
  let pieces: [[UInt8]]
  let summarize: Int

  init(_ node: NodeContext) throws {
    let template = try node.bytes("template")
    summarize = try node.int32("summarize")
    pieces = StringFormat.split(template.bytes, at: try node.bytes("placeholder").bytes)
    let inputs = node.inputDTypes.count
    guard pieces.count - 1 == inputs else {
      throw BNormError.invalid(
        "template \"\(template)\" has \(pieces.count - 1) placeholders, but there are \(inputs) inputs")
    }
  }

  private static func split(_ text: [UInt8], at separator: [UInt8]) -> [[UInt8]] {
    // Without a separator each byte is a piece.
    guard !separator.isEmpty else { return text.isEmpty ? [[]] : text.map { [$0] } }
    var out: [[UInt8]] = []
    var rest = text[...]
    while let range = rest.firstRange(of: separator) {
      out.append(Array(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return out + [Array(rest)]
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    var out = pieces[0]
    for (tensor, piece) in zip(inputs, pieces.dropFirst()) {
      out += TensorText.summary(tensor, summarize) + piece
    }
    return [Tensor(strings: [ByteString(out)], shape: .scalar)]
  }
}

/// Tensors as text, as TensorFlow prints them: nested brackets, `...` where elements are left out.
enum TensorText {
  /// `limit` elements at each end of a dimension; negative: all.
  static func summary(_ tensor: Tensor, _ limit: Int) -> [UInt8] {
    let elements = ElementText(tensor)
    guard tensor.rank > 0 else { return elements[0] }
    var out: [UInt8] = []
    write(tensor.shape, 0, 0, limit, elements, &out)
    return out
  }

  private static func write(
    _ shape: Shape, _ axis: Int, _ offset: Int, _ limit: Int, _ elements: ElementText,
    _ out: inout [UInt8]
  ) {
    let size = shape[axis]
    let inner = shape.product((axis + 1)..<shape.rank)
    let isLast = axis == shape.rank - 1
    let separator =
      isLast
      ? Array(" ".utf8)
      : Array(repeating: UInt8(ascii: "\n"), count: shape.rank - 1 - axis)
        + Array(repeating: UInt8(ascii: " "), count: axis + 1)
    let cut = limit >= 0 && size > 2 * limit
    let shown = cut ? Array(0..<limit) + Array((size - limit)..<size) : Array(0..<size)
    out += "[".utf8
    for (n, k) in shown.enumerated() {
      if n > 0 { out += separator }
      if cut, n == limit { out += Array("...".utf8) + separator }
      if isLast { out += elements[offset + k] } else {
        write(shape, axis + 1, offset + k * inner, limit, elements, &out)
      }
    }
    if cut, limit == 0 { out += "...".utf8 }
    out += "]".utf8
  }
}

/// The elements of a tensor as text.
private struct ElementText {
  private let tensor: Tensor
  private let integers: [Int]?

  init(_ tensor: Tensor) {
    self.tensor = tensor
    integers = tensor.integers
  }

  subscript(_ i: Int) -> [UInt8] {
    if tensor.dtype == .string {
      return Array("\"".utf8) + ElementText.escaped(tensor.strings[i].bytes) + Array("\"".utf8)
    }
    return Array(text(i).utf8)
  }

  /// The bytes as in a C string; those of no ASCII character stay as they are.
  private static func escaped(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    for c in bytes {
      switch c {
      case UInt8(ascii: "\n"): out += "\\n".utf8
      case UInt8(ascii: "\r"): out += "\\r".utf8
      case UInt8(ascii: "\t"): out += "\\t".utf8
      case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"):
        out += [UInt8(ascii: "\\"), c]
      case 0..<32, 127:
        out.append(UInt8(ascii: "\\"))
        for shift in [UInt8(6), 3, 0] { out.append(UInt8(ascii: "0") + (c >> shift) & 7) }
      default: out.append(c)
      }
    }
    return out
  }

  private func text(_ i: Int) -> String {
    if let integers { return String(integers[i]) }
    switch tensor.dtype {
    case .bool: return tensor.elements(Bool.self)[i] ? "1" : "0"
    case .float: return NumberText.shortest(tensor.elements(Float.self)[i])
    case .half: return NumberText.shortest(Float(tensor.elements(Float16.self)[i]))
    case .bfloat16: return NumberText.shortest(tensor.elements(BFloat16.self)[i].float)
    case .double: return NumberText.shortest(tensor.elements(Double.self)[i])
    case .uint64: return String(tensor.elements(UInt64.self)[i])
    case .complex64:
      let z = tensor.elements(Complex64.self)[i]
      return "(\(NumberText.shortest(z.real)),\(NumberText.shortest(z.imaginary)))"
    case .complex128:
      let z = tensor.elements(Complex128.self)[i]
      return "(\(NumberText.shortest(z.real)),\(NumberText.shortest(z.imaginary)))"
    default: return "<\(tensor.dtype.name)>"
    }
  }
}

extension NumberText {
  /// The fewest of 6 to 9 significant digits that read back as the same number.
  public static func shortest(_ x: Float) -> String {
    if x.isNaN { return "nan" }
    if x.isInfinite { return x < 0 ? "-inf" : "inf" }
    let short = Printf.text("%.6g", [Double(x)])
    return float(short) == x ? short : Printf.text("%.9g", [Double(x)])
  }

  /// The same with 15 or 17 digits.
  public static func shortest(_ x: Double) -> String {
    if x.isNaN { return "nan" }
    if x.isInfinite { return x < 0 ? "-inf" : "inf" }
    let short = Printf.text("%.15g", [x])
    return double(short) == x ? short : Printf.text("%.17g", [x])
  }
}
