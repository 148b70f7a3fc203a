import BNormCore
import BNormTensor

/// An order of the rows of a symmetric matrix that keeps its Cholesky factor sparse: always one
/// with
/// the fewest neighbours next.
struct SparseMatrixOrdering: EagerOperation {
  static let opNames = ["SparseMatrixOrderingAMD"]
  init(_ node: NodeContext) throws {}

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let matrix = try inputs[0].csrMatrix(0)
    guard matrix.rows == matrix.width else {
      throw BNormError.invalid("input 0 holds a matrix of shape \(matrix.shape), expected a square")
    }
    let orders = (0..<matrix.batch).flatMap { order(matrix, $0) }
    let shape = (matrix.isBatch ? [matrix.batch] : []) + [matrix.rows]
    return [Tensor(orders.map { Int32(clamping: $0) }, shape: try Shape(checking: shape))]
  }

  private func order(_ matrix: CSRMatrix, _ b: Int) -> [Int] {
    var neighbours = [Set<Int>](repeating: [], count: matrix.rows)
    for (row, column) in zip(matrix.entryRows(b), matrix.columns[b]) where row != column {
      neighbours[row].insert(column)
      neighbours[column].insert(row)
    }
    var left = Set(0..<matrix.rows)
    var order: [Int] = []
    while let next = left.min(by: { (neighbours[$0].count, $0) < (neighbours[$1].count, $1) }) {
      left.remove(next)
      order.append(next)
      // What is eliminated joins its neighbours with each other.
      for other in neighbours[next] {
        neighbours[other].formUnion(neighbours[next])
        neighbours[other].remove(other)
        neighbours[other].remove(next)
      }
      neighbours[next] = []
    }
    return order
  }
}

/// The Cholesky factors of positive definite matrices whose rows and columns are taken in an order.
struct SparseMatrixSparseCholesky: EagerOperation {
  static let opNames = ["SparseMatrixSparseCholesky"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("type") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let matrix = try inputs[0].csrMatrix(0, dtype)
    let (n, batch) = (matrix.rows, matrix.batch)
    let wanted = (matrix.isBatch ? [batch] : []) + [n]
    guard n == matrix.width, inputs[1].shape.dimensions == wanted,
      let orders = inputs[1].integers
    else {
      throw BNormError.invalid(
        "input 0 (input) holds a matrix of shape \(matrix.shape), input 1 (permutation) has shape "
          + "\(inputs[1].shape), expected a square and \(wanted)")
    }
    var cells: [Int] = []
    var values: [Complex128] = []
    for b in 0..<batch {
      let columns = try factor(matrix, b, Array(orders[b * n..<(b + 1) * n]))
      var rows = [[(column: Int, value: Complex128)]](repeating: [], count: n)
      for (j, column) in columns.enumerated() {
        for (i, value) in column { rows[i].append((j, value)) }
      }
      for (i, row) in rows.enumerated() {
        for entry in row {
          cells += matrix.isBatch ? [b, i, entry.column] : [i, entry.column]
          values.append(entry.value)
        }
      }
    }
    let sparse = SparseInput(
      cells: cells, values: Tensor(values).cast(dtype), shape: matrix.shape)
    return [try CSRMatrix(sparse).tensor]
  }

  /// The columns of the factor, by row.
  private func factor(_ matrix: CSRMatrix, _ b: Int, _ order: [Int]) throws -> [[Int: Complex128]] {
    let n = matrix.rows
    var places = [Int](repeating: -1, count: n)
    for (place, row) in order.enumerated() {
      guard row >= 0, row < n, places[row] < 0 else {
        throw BNormError.invalid("input 1 (permutation) is no permutation of 0..<\(n)")
      }
      places[row] = place
    }
    var columns = [[Int: Complex128]](repeating: [:], count: n)
    let entries = matrix.values[b].cast(.complex128)
    let elements = entries.elements(Complex128.self)
    for (e, (row, column)) in zip(matrix.entryRows(b), matrix.columns[b]).enumerated()
    where row >= column {
      var value = elements[e]
      let (i, j) = (places[row], places[column])
      if i < j { value.imaginary = -value.imaginary }
      columns[min(i, j)][max(i, j)] = value
    }
    /// By row: the columns before the diagonal that have an entry.
    var before = [[Int]](repeating: [], count: n)
    for j in 0..<n {
      for k in before[j] {
        let scale = columns[k][j]!
        for (i, value) in columns[k] where i >= j {
          let old = columns[j][i] ?? .zero
          // value times the conjugate of scale
          columns[j][i] = Complex128(
            old.real - value.real * scale.real - value.imaginary * scale.imaginary,
            old.imaginary - value.imaginary * scale.real + value.real * scale.imaginary)
        }
      }
      let diagonal = columns[j][j]?.real ?? 0
      guard diagonal > 0 else {
        throw BNormError.invalid(
          "Sparse Cholesky factorization failed for batch index \(b). The input might not be valid."
        )
      }
      let root = diagonal.squareRoot()
      for (i, value) in columns[j] {
        columns[j][i] =
          i == j ? Complex128(root, 0) : Complex128(value.real / root, value.imaginary / root)
        if i > j { before[i].append(j) }
      }
    }
    return columns
  }
}
