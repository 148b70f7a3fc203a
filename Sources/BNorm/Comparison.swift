import BNormTensor

/// How a tensor compares with an expected one, as `numpy.isclose` does: floating and complex values
/// within `atol + rtol·|expected|`, NaN equal to NaN; everything else exactly.
public struct Comparison: Sendable, CustomStringConvertible {
  /// Every element is within the tolerances.
  public let agrees: Bool
  /// How far off the tensor is, and where; for people.
  public let description: String

  /// Compares `tensor`; tolerances matter for floating and complex dtypes only.
  public init(_ tensor: Tensor, expected: Tensor, rtol: Double, atol: Double) {
    guard tensor.shape == expected.shape else {
      agrees = false
      description = "differs: shape \(tensor.shape), expected \(expected.shape)"
      return
    }
    if tensor.dtype == .string || expected.dtype == .string {
      let same = tensor.dtype == expected.dtype && tensor.strings == expected.strings
      agrees = same
      description = same ? "agrees: \(tensor.count) strings" : "differs: strings"
      return
    }
    let stored = tensor.dtype == .bfloat16 ? DType.float : tensor.dtype
    guard stored == expected.dtype || (stored.isQuantized && stored.size == expected.dtype.size),
      let a = Comparison.parts(tensor), let b = Comparison.parts(expected)
    else {
      agrees = false
      description = "differs: dtype \(tensor.dtype.name), expected \(expected.dtype.name)"
      return
    }
    let approximate = tensor.dtype.isFloating || tensor.dtype.isComplex
    var worst = (absolute: 0.0, relative: 0.0, index: -1, mismatches: 0)
    for i in 0..<a.count {
      if a[i] == b[i] || (a[i].isNaN && b[i].isNaN) { continue }
      let difference = abs(a[i] - b[i])
      let isClose = approximate && difference <= atol + rtol * abs(b[i])
      if !isClose { worst.mismatches += 1 }
      let distance = difference.isNaN ? .infinity : difference
      if distance > worst.absolute || worst.index < 0 {
        worst.absolute = distance
        worst.index = i
      }
      worst.relative = max(worst.relative, difference / max(abs(b[i]), .leastNormalMagnitude))
    }
    agrees = worst.mismatches == 0
    var text = agrees ? "agrees" : "differs: \(worst.mismatches) of \(a.count) values"
    text += ", max abs error \(Float(worst.absolute)), max rel error \(Float(worst.relative))"
    if worst.index >= 0 {
      let scale = a.count / max(tensor.count, 1)
      let place = Comparison.index(worst.index / max(scale, 1), tensor.shape)
      text += " at \(place): \(a[worst.index]), expected \(b[worst.index])"
    }
    description = text
  }

  private static func parts(_ tensor: Tensor) -> [Double]? {
    switch tensor.dtype {
    case .complex64:
      tensor.elements(Complex64.self).flatMap { [Double($0.real), Double($0.imaginary)] }
    case .complex128: tensor.elements(Complex128.self).flatMap { [$0.real, $0.imaginary] }
    default: tensor.doubles
    }
  }

  private static func index(_ flat: Int, _ shape: Shape) -> [Int] {
    var rest = flat
    var out = [Int](repeating: 0, count: shape.rank)
    for i in stride(from: shape.rank - 1, through: 0, by: -1) where shape[i] > 0 {
      out[i] = rest % shape[i]
      rest /= shape[i]
    }
    return out
  }
}
