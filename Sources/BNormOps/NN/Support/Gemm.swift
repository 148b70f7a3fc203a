import BNormTensor
import CBNormKernels
import COpenBLAS

/// A matrix in memory: element (i, j) is at `pointer[i * rowStride + j]`, or at
/// `pointer[j * rowStride + i]` if it is transposed.
struct MatrixView<T> {
  var pointer: UnsafePointer<T>
  var rowStride: Int
  var isTransposed = false
  var isConjugated = false

  /// The matrix without its first `i` rows and `j` columns.
  func dropping(rows i: Int, columns j: Int) -> MatrixView {
    var out = self
    out.pointer += isTransposed ? j * rowStride + i : i * rowStride + j
    return out
  }
}

/// An element type with a matrix product.
protocol GemmElement: Element {
  /// C[m,n] = A B, or C += A B, on the calling thread.
  static func gemm(
    _ m: Int, _ n: Int, _ k: Int, _ a: MatrixView<Self>, _ b: MatrixView<Self>,
    _ c: UnsafeMutablePointer<Self>, ldc: Int, accumulate: Bool)
}

enum Gemm {
  /// OpenBLAS works on the calling thread only: the pool's threads call it side by side.
  private static let prepared: Void = openblas_set_num_threads(1)

  /// Throws if a size does not fit OpenBLAS; to be called before a kernel is made.
  static func prepare(_ sizes: Int...) throws {
    _ = prepared
    guard sizes.allSatisfy({ $0 < Int(Int32.max) }) else {
      throw BNormError.unsupported("a matrix product with a dimension above 2^31 - 2: \(sizes)")
    }
  }

  /// How a product is cut into tasks: into rows or columns, always alike for the same sizes.
  static func parts(_ m: Int, _ n: Int, _ k: Int) -> (rows: Int, columns: Int) {
    let work = Double(m) * Double(n) * Double(max(k, 1))
    let wanted = Int(min(16, work / 500_000))
    guard wanted > 1 else { return (1, 1) }
    if m >= n { return (max(1, min(wanted, m / 32)), 1) }
    return (1, max(1, min(wanted, n / 64)))
  }

  /// C = A B, or C += A B, on the pool.
  static func multiply<T: GemmElement>(
    _ m: Int, _ n: Int, _ k: Int, _ a: MatrixView<T>, _ b: MatrixView<T>,
    _ c: UnsafeMutablePointer<T>, ldc: Int, accumulate: Bool = false,
    _ epilogue: EpiloguePointers<T>? = nil
  ) {
    guard m > 0, n > 0 else { return }
    let (rows, columns) = parts(m, n, k)
    Parallel.tasks(rows * columns) { task in
      let i = Parallel.range(task / columns, of: rows, count: m, unit: 8)
      let j = Parallel.range(task % columns, of: columns, count: n, unit: 16)
      guard !i.isEmpty, !j.isEmpty else { return }
      T.gemm(
        i.count, j.count, k, a.dropping(rows: i.lowerBound, columns: 0),
        b.dropping(rows: 0, columns: j.lowerBound), c + i.lowerBound * ldc + j.lowerBound,
        ldc: ldc, accumulate: accumulate)
      epilogue?.apply(
        row: i.lowerBound, column: j.lowerBound, rows: i.count, columns: j.count,
        c + i.lowerBound * ldc + j.lowerBound, stride: ldc)
    }
  }
}

private func transposition<T>(_ matrix: MatrixView<T>) -> CBLAS_TRANSPOSE {
  if matrix.isConjugated { return matrix.isTransposed ? CblasConjTrans : CblasConjNoTrans }
  return matrix.isTransposed ? CblasTrans : CblasNoTrans
}

/// OpenBLAS leaves C alone when there is nothing to add up.
private func clear<T: Element>(_ m: Int, _ n: Int, _ c: UnsafeMutablePointer<T>, _ ldc: Int) {
  for i in 0..<m { (c + i * ldc).update(repeating: .zero, count: n) }
}

extension Float: GemmElement {
  static func gemm(
    _ m: Int, _ n: Int, _ k: Int, _ a: MatrixView<Float>, _ b: MatrixView<Float>,
    _ c: UnsafeMutablePointer<Float>, ldc: Int, accumulate: Bool
  ) {
    guard k > 0 else { if !accumulate { clear(m, n, c, ldc) }; return }
    cblas_sgemm(
      CblasRowMajor, transposition(a), transposition(b), Int32(m), Int32(n), Int32(k), 1,
      a.pointer, Int32(a.rowStride), b.pointer, Int32(b.rowStride), accumulate ? 1 : 0, c,
      Int32(ldc))
  }
}

extension Double: GemmElement {
  static func gemm(
    _ m: Int, _ n: Int, _ k: Int, _ a: MatrixView<Double>, _ b: MatrixView<Double>,
    _ c: UnsafeMutablePointer<Double>, ldc: Int, accumulate: Bool
  ) {
    guard k > 0 else { if !accumulate { clear(m, n, c, ldc) }; return }
    cblas_dgemm(
      CblasRowMajor, transposition(a), transposition(b), Int32(m), Int32(n), Int32(k), 1,
      a.pointer, Int32(a.rowStride), b.pointer, Int32(b.rowStride), accumulate ? 1 : 0, c,
      Int32(ldc))
  }
}

extension Complex: GemmElement {
  static func gemm(
    _ m: Int, _ n: Int, _ k: Int, _ a: MatrixView<Complex>, _ b: MatrixView<Complex>,
    _ c: UnsafeMutablePointer<Complex>, ldc: Int, accumulate: Bool
  ) {
    guard k > 0 else { if !accumulate { clear(m, n, c, ldc) }; return }
    var one = Complex(1, 0)
    var other = Complex(accumulate ? 1 : 0, 0)
    let multiply = Part.dtype == .float ? cblas_cgemm : cblas_zgemm
    multiply(
      CblasRowMajor, transposition(a), transposition(b), Int32(m), Int32(n), Int32(k), &one,
      a.pointer, Int32(a.rowStride), b.pointer, Int32(b.rowStride), &other, c, Int32(ldc))
  }
}

extension Int16: GemmElement {
  static func gemm(
    _ m: Int, _ n: Int, _ k: Int, _ a: MatrixView<Int16>, _ b: MatrixView<Int16>,
    _ c: UnsafeMutablePointer<Int16>, ldc: Int, accumulate: Bool
  ) {
    bnk_nn_gemm_i16(
      m, n, k, a.pointer, a.isTransposed ? 1 : a.rowStride, a.isTransposed ? a.rowStride : 1,
      b.pointer, b.isTransposed ? 1 : b.rowStride, b.isTransposed ? b.rowStride : 1, c, ldc,
      accumulate ? 1 : 0)
  }
}

extension Int32: GemmElement {
  static func gemm(
    _ m: Int, _ n: Int, _ k: Int, _ a: MatrixView<Int32>, _ b: MatrixView<Int32>,
    _ c: UnsafeMutablePointer<Int32>, ldc: Int, accumulate: Bool
  ) {
    bnk_nn_gemm_i32(
      m, n, k, a.pointer, a.isTransposed ? 1 : a.rowStride, a.isTransposed ? a.rowStride : 1,
      b.pointer, b.isTransposed ? 1 : b.rowStride, b.isTransposed ? b.rowStride : 1, c, ldc,
      accumulate ? 1 : 0)
  }
}

extension Int64: GemmElement {
  static func gemm(
    _ m: Int, _ n: Int, _ k: Int, _ a: MatrixView<Int64>, _ b: MatrixView<Int64>,
    _ c: UnsafeMutablePointer<Int64>, ldc: Int, accumulate: Bool
  ) {
    bnk_nn_gemm_i64(
      m, n, k, a.pointer, a.isTransposed ? 1 : a.rowStride, a.isTransposed ? a.rowStride : 1,
      b.pointer, b.isTransposed ? 1 : b.rowStride, b.isTransposed ? b.rowStride : 1, c, ldc,
      accumulate ? 1 : 0)
  }
}

/// A computation over the element types with a matrix product.
protocol GemmVisitor {
  associatedtype Result
  func visit<T: GemmElement>(_ type: T.Type) throws -> Result
}

extension DType {
  func visitGemm<V: GemmVisitor>(_ visitor: V) throws -> V.Result {
    switch self {
    case .float: try visitor.visit(Float.self)
    case .double: try visitor.visit(Double.self)
    case .int16: try visitor.visit(Int16.self)
    case .int32: try visitor.visit(Int32.self)
    case .int64: try visitor.visit(Int64.self)
    case .complex64: try visitor.visit(Complex64.self)
    case .complex128: try visitor.visit(Complex128.self)
    default: throw BNormError.unsupported("a matrix product of dtype \(name)")
    }
  }
}
