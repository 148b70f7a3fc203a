import BNormCore
import BNormTensor
import CBNormKernels

/// The product of a sparse and a dense matrix.
struct SparseTensorDenseMatMul: EagerOperation {
  static let opNames = ["SparseTensorDenseMatMul"]
  private let adjointA: Bool
  private let adjointB: Bool

  init(_ node: NodeContext) throws {
    adjointA = try node.bool("adjoint_a")
    adjointB = try node.bool("adjoint_b")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[3].shape.requireRank(2, "input 3 (b)")
    let rows = inputs[2].integers.flatMap { $0.count == 2 ? $0[adjointA ? 1 : 0] : nil }
    return [PartialShape([max(rows ?? -1, -1), inputs[3].shape[adjointB ? 0 : 1] ?? -1])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let b = inputs[3]
    guard b.rank == 2 else { throw BNormError.shape(3, "b", b, "a matrix") }
    let a = try SparseInput(inputs)
    guard a.rank == 2 else {
      throw BNormError.invalid("input 2 (a_shape) is \(a.shape), expected a matrix's")
    }
    let rows = a.shape[adjointA ? 1 : 0]
    let inner = a.shape[adjointA ? 0 : 1]
    guard inner == b.shape[adjointB ? 1 : 0] else {
      throw BNormError.invalid(
        "Cannot multiply A and B because inner dimension does not match: input 2 (a_shape) is "
          + "\(a.shape)\(adjointA ? " (adjoint)" : ""), input 3 (b) has shape "
          + "\(b.shape)\(adjointB ? " (adjoint)" : "")")
    }
    try a.requireInside()
    let width = b.shape[adjointB ? 0 : 1]
    let shape = try Shape(checking: [rows, width])
    try MemoryLimit.check(b.dtype, shape)
    let narrow = b.dtype == .half || b.dtype == .bfloat16
    let dtype = narrow ? DType.float : b.dtype
    let values = narrow ? a.values.cast(.float) : a.values
    var dense = narrow ? b.cast(.float) : b
    if adjointB { dense = try dense.transposedMatrix() }
    let out = Tensor(zeros: dtype, shape: shape)
    let cells = a.cells
    let rowNumbers = (0..<a.count).map { Int64(cells[2 * $0 + (adjointA ? 1 : 0)]) }
    let columns = (0..<a.count).map { Int64(cells[2 * $0 + (adjointA ? 0 : 1)]) }
    let ran = rowNumbers.withUnsafeBufferPointer { rowNumbers in
      columns.withUnsafeBufferPointer { columns in
        var product = bnk_sparse_product(
          count: a.count, rows: rowNumbers.baseAddress, columns: columns.baseAddress,
          values: values.pointer, conjugate: adjointA, dense: dense.pointer, width: width,
          conjugate_dense: adjointB)
        return bnk_sparse_product_run(
          &product, bnk_dtype(UInt32(dtype.rawValue)), out.storage.pointer)
      }
    }
    guard ran else { throw BNormError.unsupported("dtype \(b.dtype.name)") }
    return [narrow ? out.cast(b.dtype) : out]
  }
}

extension Tensor {
  /// The elements converted to `dtype`.
  func cast(_ dtype: DType) -> Tensor {
    let out = Tensor(dtype: dtype, shape: shape)
    bnk_cast(
      bnk_dtype(UInt32(self.dtype.rawValue)), bnk_dtype(UInt32(dtype.rawValue)), 0, pointer,
      out.storage.pointer, count)
    return out
  }

  /// The transpose of a matrix.
  func transposedMatrix() throws -> Tensor {
    let (rows, columns) = (shape[0], shape[1])
    let out = Tensor(dtype: dtype, shape: [columns, rows])
    var copy = bnk_copy()
    guard
      bnk_copy_prepare(
        &copy, dtype.size, 2, [Int64(columns), Int64(rows)], [1, Int64(columns)], [Int64(rows), 1])
    else { throw BNormError.unsupported("a transpose of shape \(shape)") }
    bnk_copy_run(&copy, pointer, out.storage.pointer)
    return out
  }
}
