import BNorm
import Glibc

/// Ends the process.
enum Exit {
  static func now(_ code: Int32) -> Never {
    fflush(nil)
    exit(code)
  }
}

/// What the command says.
enum Report {
  static func error(_ message: some StringProtocol) {
    let text = "bnorm-run: \(message)\n"
    _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
  }

  /// Name, dtype, shape, a few values, minimum, maximum and mean.
  static func summary(_ name: String, _ tensor: Tensor) -> String {
    var line = "\(name)  \(tensor.dtype.name)  \(tensor.shape)"
    let shown = values(tensor, limit: 6)
    line += "  [" + shown.joined(separator: ", ") + (tensor.count > shown.count ? ", …" : "") + "]"
    if let v = tensor.doubles, !v.isEmpty, tensor.dtype != .bool {
      var low = Double.infinity
      var high = -Double.infinity
      var sum = 0.0
      var bad = 0
      for x in v {
        guard x.isFinite else {
          bad += 1
          continue
        }
        low = min(low, x)
        high = max(high, x)
        sum += x
      }
      if bad < v.count {
        line += "  min \(short(low))  max \(short(high))  mean \(short(sum / Double(v.count - bad)))"
      }
      if bad > 0 { line += "  \(bad) not finite" }
    }
    return line
  }

  static func values(_ tensor: Tensor, limit: Int) -> [String] {
    let n = min(limit, tensor.count)
    switch tensor.dtype {
    case .string: return tensor.strings.prefix(n).map { "\"\($0)\"" }
    case .resource, .variant: return tensor.objects.prefix(n).map { $0?.typeName ?? "null" }
    case .bool: return tensor.elements(Bool.self).prefix(n).map { String($0) }
    case .float: return tensor.elements(Float.self).prefix(n).map { "\($0)" }
    case .complex64:
      return tensor.elements(Complex64.self).prefix(n).map { "\($0.real)+\($0.imaginary)i" }
    case .complex128:
      return tensor.elements(Complex128.self).prefix(n).map { "\($0.real)+\($0.imaginary)i" }
    default:
      if let integers = tensor.integers { return integers.prefix(n).map { String($0) } }
      return (tensor.doubles ?? []).prefix(n).map(short)
    }
  }

  /// Six significant digits.
  static func short(_ x: Double) -> String { "\(Float(x))" }

  /// `x` with `digits` decimals.
  static func fixed(_ x: Double, _ digits: Int) -> String {
    guard x.isFinite, abs(x) < 1e15 else { return "\(x)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int((abs(x) * scale).rounded())
    let whole = scaled / Int(scale)
    guard digits > 0 else { return (x < 0 ? "-" : "") + "\(whole)" }
    let part = String(scaled % Int(scale))
    return (x < 0 ? "-" : "") + "\(whole)." + String(repeating: "0", count: digits - part.count) + part
  }
}
