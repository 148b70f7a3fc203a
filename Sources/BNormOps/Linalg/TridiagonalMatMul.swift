import BNormCore
import BNormTensor

/// The product of a matrix, given by three diagonals, with input 3.
struct TridiagonalMatMul: PlannedOperation {
  static let opNames = ["TridiagonalMatMul"]
  init(_ node: NodeContext) throws {}

  private static let names = ["superdiag", "maindiag", "subdiag"]

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let right = inputs[3].shape
    try Matrices.require(right, "input 3 (rhs)")
    for i in 0..<3 {
      let diagonal = inputs[i].shape
      let what = "input \(i) (\(TridiagonalMatMul.names[i]))"
      try Matrices.require(diagonal, what)
      _ = try Matrices.sameBatch(diagonal, right)
      if let rows = Matrices.rows(diagonal), rows != 1 {
        throw BNormError.invalid("\(what) has shape \(diagonal), expected one row")
      }
      if let n = Matrices.columns(diagonal), let rows = Matrices.rows(right), n != rows {
        throw BNormError.invalid(
          "\(what) has shape \(diagonal), but input 3 (rhs) has shape \(right)")
      }
    }
    return [right]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(3)
    let product = DiagonalProduct(
      batch: Matrices.count(shape), m: shape[shape.rank - 2], n: shape[shape.rank - 1])
    switch context.inputDType(0) {
    case .float: return product.kernel(Float.self, +, *)
    case .double: return product.kernel(Double.self, +, *)
    case .complex64: return product.kernel(Complex64.self, plus, times)
    default: return product.kernel(Complex128.self, plus, times)
    }
  }
}

private func plus<P>(_ a: Complex<P>, _ b: Complex<P>) -> Complex<P> {
  Complex(a.real + b.real, a.imaginary + b.imaginary)
}
private func times<P>(_ a: Complex<P>, _ b: Complex<P>) -> Complex<P> {
  Complex(
    a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
}

private struct DiagonalProduct: Sendable {
  let batch: Int, m: Int, n: Int

  @inline(__always)
  func kernel<T: Element>(
    _ type: T.Type, _ add: @escaping @Sendable (T, T) -> T,
    _ multiply: @escaping @Sendable (T, T) -> T
  ) -> Kernel {
    .run { io in
      func elements(_ i: Int) -> UnsafePointer<T> { io.input(i).assumingMemoryBound(to: T.self) }
      let upper = elements(0), main = elements(1), lower = elements(2), right = elements(3)
      let out = io.output(0).assumingMemoryBound(to: T.self)
      for i in 0..<batch {
        for r in 0..<m {
          let at = i * m + r
          for c in 0..<n {
            let x = at * n + c
            var sum = multiply(right[x], main[at])
            if r > 0 { sum = add(sum, multiply(right[x - n], lower[at])) }
            if r + 1 < m { sum = add(sum, multiply(right[x + n], upper[at])) }
            out[x] = sum
          }
        }
      }
    }
  }
}
