import BNormCore
import BNormTensor
import CBNormKernels

/// A sparse tensor with a default value in each row that had none.
struct SparseFillEmptyRows: EagerOperation {
  static let opNames = ["SparseFillEmptyRows"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    let rank = inputs[2].shape[0] ?? -1
    return [
      PartialShape([-1, rank]), .vector(nil), .vector(inputs[2].integers?.first),
      .vector(inputs[0].shape.rank == 2 ? inputs[0].shape[0] : nil),
    ]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let sparse = try SparseInput(inputs)
    guard inputs[3].rank == 0 else {
      throw BNormError.shape(3, "default_value", inputs[3], "a scalar")
    }
    guard let rowCount = sparse.shape.first else {
      throw BNormError.invalid("Dense shape cannot be empty")
    }
    try MemoryLimit.check(.int64, try Shape(checking: [rowCount]))
    guard rowCount > 0 || sparse.count == 0 else {
      throw BNormError.invalid(
        "Received SparseTensor with dense_shape[0] = 0 but indices.shape[0] = \(sparse.count)")
    }
    let rank = sparse.rank
    var counts = [Int](repeating: 0, count: rowCount)
    for i in 0..<sparse.count {
      let row = sparse.cells[i * rank]
      guard row >= 0, row < rowCount else {
        throw BNormError.invalid("indices(\(i), 0) is invalid: \(row) >= \(rowCount)")
      }
      counts[row] += 1
    }
    var offsets: [Int] = []
    var total = 0
    for count in counts {
      offsets.append(total)
      total += max(count, 1)
    }
    var cells = [Int](repeating: 0, count: try Shape(checking: [total, rank]).count)
    // Where each entry of the output comes from; -1 for a default.
    var sources = [Int](repeating: -1, count: total)
    var map = [Int](repeating: 0, count: sparse.count)
    for row in 0..<rowCount where counts[row] == 0 { cells[offsets[row] * rank] = row }
    for i in 0..<sparse.count {
      let row = sparse.cells[i * rank]
      let target = offsets[row]
      offsets[row] += 1
      sources[target] = i
      map[i] = target
      for d in 0..<rank { cells[target * rank + d] = sparse.cells[i * rank + d] }
    }
    let values = sparse.values.selecting(sources)
    let gaps = sources.indices.filter { sources[$0] < 0 }
    try values.scatter(inputs[3].repeated([gaps.count]), at: gaps, BNK_SCATTER_UPDATE)
    return [
      Tensor.cells(cells, rank: rank, count: total), values, Tensor(counts.map { $0 == 0 }),
      Tensor(map.map { Int64($0) }),
    ]
  }
}

/// The gradients of `SparseFillEmptyRows` by the values and by the default value.
struct SparseFillEmptyRowsGrad: EagerOperation {
  static let opNames = ["SparseFillEmptyRowsGrad"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape, .scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank == 1, let map = inputs[0].integers else {
      throw BNormError.shape(0, "reverse_index_map", inputs[0], "a vector")
    }
    let gradient = inputs[1]
    guard gradient.rank == 1 else { throw BNormError.shape(1, "grad_values", gradient, "a vector") }
    var targets = [Int](repeating: 0, count: gradient.count)
    for index in map {
      guard index >= 0, index < gradient.count else {
        throw BNormError.invalid(
          "Elements in reverse index must be in [0, \(gradient.count)) but got \(index)")
      }
      targets[index] = -1
    }
    let rest = Tensor(zeros: gradient.dtype, shape: .scalar)
    try rest.scatter(gradient, at: targets, BNK_SCATTER_ADD)
    return [gradient.selecting(map), rest]
  }
}
