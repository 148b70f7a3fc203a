import BNormTensor

/// Tensors as TensorFlow's `SummarizeValue` writes them.
enum TensorText {
  /// At most `limit` elements (-1: all), rows in brackets.
  static func summary(_ tensor: Tensor, limit: Int) -> String {
    let count = tensor.count
    let shown = limit < 0 ? count : min(limit, count)
    guard shown > 0 else { return count == 0 ? "" : "..." }
    guard let element = writer(tensor) else { return "?" }
    if tensor.rank == 0 { return element(0) }
    var text = ""
    var next = 0
    write(tensor.shape.dimensions, 0, shown, &next, element, &text)
    if count > shown { text += "..." }
    return text
  }

  private static func write(
    _ shape: [Int], _ axis: Int, _ limit: Int, _ next: inout Int, _ element: (Int) -> String,
    _ text: inout String
  ) {
    guard next < limit else { return }
    if axis == shape.count - 1 {
      for i in 0..<shape[axis] {
        guard next < limit else {
          if axis != 0 { text += "..." }
          return
        }
        if i > 0 { text += " " }
        text += element(next)
        next += 1
      }
      return
    }
    for _ in 0..<shape[axis] {
      guard next < limit else { return }
      text += "["
      write(shape, axis + 1, limit, &next, element, &text)
      text += "]"
    }
  }

  private static func writer(_ tensor: Tensor) -> ((Int) -> String)? {
    switch tensor.dtype {
    case .string: return { escaped(tensor.strings[$0]) }
    case .bool: return { tensor.elements(Bool.self)[$0] ? "1" : "0" }
    case .float: return { number(tensor.elements(Float.self)[$0]) }
    case .half: return { number(Float(tensor.elements(Float16.self)[$0])) }
    case .bfloat16: return { number(tensor.elements(BFloat16.self)[$0].float) }
    case .double: return { number(tensor.elements(Double.self)[$0]) }
    case .complex64:
      return {
        let z = tensor.elements(Complex64.self)[$0]
        return "(\(number(z.real)),\(number(z.imaginary)))"
      }
    case .complex128:
      return {
        let z = tensor.elements(Complex128.self)[$0]
        return "(\(number(z.real)),\(number(z.imaginary)))"
      }
    case .uint64: return { String(tensor.elements(UInt64.self)[$0]) }
    default:
      guard let values = tensor.integers else { return { _ in "<\(tensor.dtype.name)>" } }
      return { String(values[$0]) }
    }
  }

  static func number(_ value: Float) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return shortest(Double(value), digits: 6) { Float($0) == value } ?? shorten("\(value)")
  }

  static func number(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return shortest(value, digits: 15) { $0 == value } ?? shorten("\(value)")
  }

  /// The first of `digits` and the next few numbers of significant digits that reads back exactly.
  private static func shortest(
    _ value: Double, digits: Int, _ isExact: (Double) -> Bool
  ) -> String? {
    for d in digits...(digits + 3) {
      let text = significant(value, digits: d)
      if let back = Double(text), isExact(back) { return text }
    }
    return nil
  }

  /// As printf's `%.*g`.
  private static func significant(_ value: Double, digits: Int) -> String {
    guard value != 0 else { return value.sign == .minus ? "-0" : "0" }
    // Swift's shortest description has all digits; round them in decimal.
    var (mantissa, exponent) = decimal(value)
    if mantissa.count > digits {
      let roundsUp = mantissa[digits] >= 5
      mantissa = Array(mantissa[..<digits])
      if roundsUp {
        var i = digits - 1
        while i >= 0 {
          mantissa[i] += 1
          if mantissa[i] < 10 { break }
          mantissa[i] = 0
          i -= 1
        }
        if i < 0 {
          mantissa.insert(1, at: 0)
          exponent += 1
        }
      }
    }
    while mantissa.count > 1, mantissa.last == 0 { mantissa.removeLast() }
    let sign = value < 0 ? "-" : ""
    let all = mantissa.map(String.init).joined()
    if exponent < -4 || exponent >= digits {
      let rest = mantissa.count > 1 ? "." + all.dropFirst() : ""
      let e = abs(exponent)
      return sign + all.prefix(1) + rest + "e" + (exponent < 0 ? "-" : "+") + (e < 10 ? "0\(e)" : "\(e)")
    }
    if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + all }
    if mantissa.count <= exponent + 1 {
      return sign + all + String(repeating: "0", count: exponent + 1 - mantissa.count)
    }
    return sign + all.prefix(exponent + 1) + "." + all.dropFirst(exponent + 1)
  }

  /// Decimal digits and the power of ten of the first one.
  private static func decimal(_ value: Double) -> (digits: [Int], exponent: Int) {
    var digits: [Int] = []
    var point: Int?
    var exponent = 0
    let text = "\(abs(value))".split(separator: "e")
    for c in text[0] {
      if c == "." { point = digits.count } else { digits.append(c.wholeNumberValue ?? 0) }
    }
    if text.count > 1 { exponent = Int(text[1]) ?? 0 }
    exponent += (point ?? digits.count) - 1
    while digits.count > 1, digits[0] == 0 {
      digits.removeFirst()
      exponent -= 1
    }
    return (digits, exponent)
  }

  private static func shorten(_ text: String) -> String {
    text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// Bytes with C escapes; UTF-8 stays.
  private static func escaped(_ string: ByteString) -> String {
    var out: [UInt8] = []
    for c in string.bytes {
      switch c {
      case 10: out += Array("\\n".utf8)
      case 13: out += Array("\\r".utf8)
      case 9: out += Array("\\t".utf8)
      case 34: out += Array("\\\"".utf8)
      case 39: out += Array("\\'".utf8)
      case 92: out += Array("\\\\".utf8)
      case 0..<32, 127:
        out.append(92)
        for shift in [6, 3, 0] { out.append(48 + (c >> UInt8(shift)) & 7) }
      default: out.append(c)
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
