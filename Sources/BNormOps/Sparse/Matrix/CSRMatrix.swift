import BNormCore
import BNormTensor
import CBNormKernels

/// A sparse matrix, or a batch of them, row by row.
final class CSRMatrix: TensorObject {
  let dtype: DType
  /// Two dimensions, or three for a batch.
  let shape: [Int]
  /// By matrix: where the entries of each row begin, and the end of the last one.
  let rowStarts: [[Int]]
  /// By matrix: the columns of the entries.
  let columns: [[Int]]
  /// By matrix: a vector of the entries.
  let values: [Tensor]

  init(dtype: DType, shape: [Int], rowStarts: [[Int]], columns: [[Int]], values: [Tensor]) {
    self.dtype = dtype
    self.shape = shape
    self.rowStarts = rowStarts
    self.columns = columns
    self.values = values
  }

  /// The matrix of a sparse tensor whose entries are sorted.
  convenience init(_ sparse: SparseInput) throws {
    guard sparse.rank == 2 || sparse.rank == 3 else {
      throw BNormError.invalid(
        "sparse tensor must have rank 2 or 3, but the shape is \(sparse.shape)")
    }
    try sparse.requireInside()
    let rank = sparse.rank
    let (batch, rows) = (rank == 3 ? sparse.shape[0] : 1, sparse.shape[rank - 2])
    try MemoryLimit.check(.int64, try Shape(checking: [batch, rows + 1]))
    var starts: [[Int]] = []
    var columns: [[Int]] = []
    var values: [Tensor] = []
    var next = 0
    for b in 0..<batch {
      let first = next
      var own = [0]
      for row in 0..<rows {
        while next < sparse.count, rank == 2 || sparse.cells[next * rank] == b,
          sparse.cells[next * rank + rank - 2] == row
        { next += 1 }
        own.append(next - first)
      }
      starts.append(own)
      columns.append((first..<next).map { sparse.cells[$0 * rank + rank - 1] })
      values.append(sparse.values.selecting(Array(first..<next)))
    }
    guard next == sparse.count else {
      throw BNormError.invalid(
        "the indices of the sparse tensor are not sorted: row \(next) is "
          + "\(Array(sparse.cell(next)))"
      )
    }
    self.init(
      dtype: sparse.values.dtype, shape: sparse.shape, rowStarts: starts, columns: columns,
      values: values)
  }

  var typeName: String { "CSRSparseMatrix" }
  var batch: Int { values.count }
  var rows: Int { shape[shape.count - 2] }
  var width: Int { shape[shape.count - 1] }
  var isBatch: Bool { shape.count == 3 }
  var tensor: Tensor { Tensor(scalar: self, dtype: .variant) }

  /// The row of each entry of matrix `b`.
  func entryRows(_ b: Int) -> [Int] {
    (0..<rows).flatMap { row in
      repeatElement(row, count: rowStarts[b][row + 1] - rowStarts[b][row])
    }
  }

  /// All entries with their indices.
  var sparse: SparseInput {
    var cells: [Int] = []
    for b in 0..<batch {
      for (row, column) in zip(entryRows(b), columns[b]) {
        cells += isBatch ? [b, row, column] : [row, column]
      }
    }
    let joined = values.isEmpty ? Tensor(dtype: dtype, shape: [0]) : Tensor.joined(values)
    return SparseInput(cells: cells, values: joined, shape: shape)
  }

  func dense() throws -> Tensor {
    let whole = try Shape(checking: shape)
    try MemoryLimit.check(dtype, whole)
    let out = Tensor(zeros: dtype, shape: whole)
    let sparse = sparse
    try out.scatter(sparse.values, at: sparse.keys(Array(shape.indices)), BNK_SCATTER_UPDATE)
    return out
  }

  func transposed(conjugate: Bool) throws -> CSRMatrix {
    let sparse = sparse
    var cells = sparse.cells
    let rank = shape.count
    for i in 0..<sparse.count { cells.swapAt(i * rank + rank - 1, i * rank + rank - 2) }
    var shape = shape
    shape.swapAt(rank - 1, rank - 2)
    let values = conjugate ? try sparse.values.conjugated() : sparse.values
    return try CSRMatrix(SparseInput(cells: cells, values: values, shape: shape).sorted())
  }
}

extension Tensor {
  /// The complex conjugates; real elements as they are.
  func conjugated() throws -> Tensor {
    guard dtype.isComplex else { return self }
    let out = copy()
    if dtype == .complex64 {
      let elements = out.mutableElements(Complex64.self)
      for i in elements.indices { elements[i].imaginary = -elements[i].imaginary }
    } else {
      let elements = out.mutableElements(Complex128.self)
      for i in elements.indices { elements[i].imaginary = -elements[i].imaginary }
    }
    return out
  }

  /// The sparse matrix that a variant holds.
  func csrMatrix(_ i: Int, _ dtype: DType? = nil) throws -> CSRMatrix {
    guard self.dtype == .variant, count == 1, let object = objects[0] else {
      throw BNormError.invalid("input \(i) has shape \(shape), expected a scalar with a matrix")
    }
    guard let matrix = object as? CSRMatrix else {
      throw BNormError.invalid("input \(i) holds a \(object.typeName), expected a CSRSparseMatrix")
    }
    guard dtype == nil || matrix.dtype == dtype else {
      throw BNormError.invalid(
        "input \(i) holds a matrix of \(matrix.dtype.name), expected \(dtype!.name)")
    }
    return matrix
  }
}
