import BNormCore
import BNormTensor

/// A template with tensors in place of its placeholders.
struct StringFormat: EagerOperation {
  static let opNames = ["StringFormat"]
  let pieces: [String]
  let summarize: Int

  init(_ node: NodeContext) throws {
    let template = try node.string("template")
    let placeholder = try node.string("placeholder")
    summarize = try node.int("summarize")
    pieces = StringFormat.split(template, at: placeholder)
    let inputs = node.inputDTypes.count
    guard pieces.count - 1 == inputs else {
      throw BNormError.invalid(
        "template \"\(template)\" has \(pieces.count - 1) placeholders, but there are \(inputs) inputs")
    }
  }

  private static func split(_ text: String, at separator: String) -> [String] {
    guard !separator.isEmpty else { return [text] }
    var out: [String] = []
    var rest = text[...]
    while let range = rest.firstRange(of: separator) {
      out.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return out + [String(rest)]
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
public enum TensorText {
  /// `limit` elements at each end of a dimension; negative: all.
  public static func summary(_ tensor: Tensor, _ limit: Int) -> String {
    let elements = ElementText(tensor)
    guard tensor.rank > 0 else { return elements[0] }
    var out = ""
    write(tensor.shape, 0, 0, limit, elements, &out)
    return out
  }

  private static func write(
    _ shape: Shape, _ axis: Int, _ offset: Int, _ limit: Int, _ elements: ElementText,
    _ out: inout String
  ) {
    let size = shape[axis]
    let inner = shape.product((axis + 1)..<shape.rank)
    let isLast = axis == shape.rank - 1
    let separator =
      isLast ? " " : "\n" + String(repeating: "\n", count: shape.rank - 2 - axis)
        + String(repeating: " ", count: axis + 1)
    let cut = limit >= 0 && size > 2 * limit
    let shown = cut ? Array(0..<limit) + Array((size - limit)..<size) : Array(0..<size)
    out += "["
    for (n, k) in shown.enumerated() {
      if n > 0 { out += separator }
      if cut, n == limit { out += "..." + separator }
      if isLast { out += elements[offset + k] } else {
        write(shape, axis + 1, offset + k * inner, limit, elements, &out)
      }
    }
    if cut, limit == 0 { out += "..." }
    out += "]"
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

  subscript(_ i: Int) -> String {
    if let integers { return String(integers[i]) }
    switch tensor.dtype {
    case .string: return "\"" + tensor.strings[i].string + "\""
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
