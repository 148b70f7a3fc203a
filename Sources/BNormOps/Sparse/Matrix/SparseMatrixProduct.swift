import BNormCore
import BNormTensor
import CBNormKernels

/// The product of a sparse and a dense matrix, or of batches of them.
struct SparseMatrixMatMul: EagerOperation {
  static let opNames = ["SparseMatrixMatMul"]
  private let a: (transposes: Bool, conjugates: Bool)
  private let b: (transposes: Bool, conjugates: Bool)
  private let output: (transposes: Bool, conjugates: Bool)
  private let dtype: DType

  init(_ node: NodeContext) throws {
    let adjointA = try node.bool("adjoint_a")
    let adjointB = try node.bool("adjoint_b")
    let transposeA = try node.bool("transpose_a")
    let transposeB = try node.bool("transpose_b")
    guard !(adjointA && transposeA), !(adjointB && transposeB) else {
      throw BNormError.invalid("only one of adjoint and transpose may be true")
    }
    a = (adjointA || transposeA, adjointA)
    b = (adjointB || transposeB, adjointB)
    output = (try node.bool("transpose_output"), try node.bool("conjugate_output"))
    dtype = try node.dtype("T")
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let sparse = try inputs[0].csrMatrix(0, dtype)
    let dense = inputs[1]
    guard dense.rank == sparse.shape.count, !sparse.isBatch || dense.shape[0] == sparse.batch else {
      throw BNormError.invalid(
        "input 0 (a) has shape \(sparse.shape), but input 1 (b) has shape \(dense.shape)")
    }
    let (rows, inner) = a.transposes ? (sparse.width, sparse.rows) : (sparse.rows, sparse.width)
    let last = dense.rank - 1
    let (other, width) =
      b.transposes
      ? (dense.shape[last], dense.shape[last - 1]) : (dense.shape[last - 1], dense.shape[last])
    guard inner == other else {
      throw BNormError.invalid(
        "input 0 (a) has shape \(sparse.shape)\(a.transposes ? " (transposed)" : ""), input 1 (b) "
          + "has "
          + "shape \(dense.shape)\(b.transposes ? " (transposed)" : ""): the inner sizes differ")
    }
    let lead = sparse.isBatch ? [sparse.batch] : []
    let shape = try Shape(checking: lead + (output.transposes ? [width, rows] : [rows, width]))
    try MemoryLimit.check(dtype, shape)
    let out = Tensor(dtype: dtype, shape: shape)
    let bytes = inner * width * dtype.size
    for k in 0..<sparse.batch {
      var part = Tensor(
        dtype: dtype, shape: b.transposes ? [width, inner] : [inner, width])
      part.storage.pointer.copyMemory(from: dense.pointer + k * bytes, byteCount: bytes)
      if b.transposes { part = try part.transposedMatrix() }
      if b.conjugates { part = try part.conjugated() }
      let entryRows = sparse.entryRows(k)
      let columns = sparse.columns[k]
      var product = try productOf(
        a.transposes ? columns : entryRows, a.transposes ? entryRows : columns, sparse.values[k],
        part, rows: rows)
      if output.transposes { product = try product.transposedMatrix() }
      if output.conjugates { product = try product.conjugated() }
      (out.storage.pointer + k * product.byteCount).copyMemory(
        from: product.pointer, byteCount: product.byteCount)
    }
    return [out]
  }

  private func productOf(
    _ rowNumbers: [Int], _ columns: [Int], _ values: Tensor, _ dense: Tensor, rows: Int
  ) throws -> Tensor {
    let out = Tensor(zeros: dtype, shape: [rows, dense.shape[1]])
    let (rowNumbers, columns) = (rowNumbers.map { Int64($0) }, columns.map { Int64($0) })
    let ran = rowNumbers.withUnsafeBufferPointer { rowNumbers in
      columns.withUnsafeBufferPointer { columns in
        var product = bnk_sparse_product(
          count: values.count, rows: rowNumbers.baseAddress, columns: columns.baseAddress,
          values: values.pointer, conjugate: a.conjugates, dense: dense.pointer,
          width: dense.shape[1], conjugate_dense: false)
        return bnk_sparse_product_run(
          &product, bnk_dtype(UInt32(dtype.rawValue)), out.storage.pointer)
      }
    }
    guard ran else { throw BNormError.unsupported("dtype \(dtype.name)") }
    return out
  }
}

/// The product of two sparse matrices, or of batches of them.
struct SparseMatrixSparseMatMul: EagerOperation {
  static let opNames = ["SparseMatrixSparseMatMul"]
  private let transposes: [Bool]
  private let conjugates: [Bool]
  private let dtype: DType

  init(_ node: NodeContext) throws {
    let adjoints = [try node.bool("adjoint_a"), try node.bool("adjoint_b")]
    let plain = [try node.bool("transpose_a"), try node.bool("transpose_b")]
    guard !(adjoints[0] && plain[0]), !(adjoints[1] && plain[1]) else {
      throw BNormError.invalid("only one of adjoint and transpose may be true")
    }
    conjugates = adjoints
    transposes = zip(adjoints, plain).map { $0 || $1 }
    dtype = try node.dtype("type")
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let given = try (0..<2).map { i -> CSRMatrix in
      let matrix = try inputs[i].csrMatrix(i, dtype)
      return transposes[i] ? try matrix.transposed(conjugate: conjugates[i]) : matrix
    }
    let (a, b) = (given[0], given[1])
    guard a.shape.count == b.shape.count, a.batch == b.batch, a.width == b.rows else {
      throw BNormError.invalid(
        "input 0 (a) and input 1 (b) have shapes \(a.shape) and \(b.shape) once transposed, which "
          + "cannot be multiplied")
    }
    var cells: [Int] = []
    var values: [Tensor] = []
    for k in 0..<a.batch {
      var numbers: [Int: Int] = [:]
      var places: [Int] = []
      var (left, right): ([Int], [Int]) = ([], [])
      for (entry, row) in a.entryRows(k).enumerated() {
        let inner = a.columns[k][entry]
        for other in b.rowStarts[k][inner]..<b.rowStarts[k][inner + 1] {
          let key = row * b.width + b.columns[k][other]
          let number = numbers[key] ?? numbers.count
          numbers[key] = number
          places.append(number)
          left.append(entry)
          right.append(other)
        }
      }
      let products = try Tensor.combining(
        a.values[k].selecting(left), b.values[k].selecting(right), BNK_BINARY_MUL)
      let sums = Tensor(zeros: dtype, shape: [numbers.count])
      try sums.scatter(products, at: places, BNK_SCATTER_ADD)
      let sorted = numbers.sorted { $0.key < $1.key }
      for (key, _) in sorted {
        if a.isBatch { cells.append(k) }
        cells += [key / b.width, key % b.width]
      }
      values.append(sums.selecting(sorted.map(\.value)))
    }
    let shape = (a.isBatch ? [a.batch] : []) + [a.rows, b.width]
    try SparseInput.product(shape, "the shape of the product")
    let joined = values.isEmpty ? Tensor(dtype: dtype, shape: [0]) : Tensor.joined(values)
    return [try CSRMatrix(SparseInput(cells: cells, values: joined, shape: shape)).tensor]
  }
}
