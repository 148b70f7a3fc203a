import BNormCore
import BNormTensor
import CBNormKernels

/// The entries of two sparse tensors that are sorted, merged.
private struct Merge {
  var cells: [Int] = []
  /// Where the entries come from; -1 where one of the tensors has none.
  var fromA: [Int] = []
  var fromB: [Int] = []
  var count: Int { fromA.count }

  init(_ a: SparseInput, _ b: SparseInput) {
    var (i, j) = (0, 0)
    while i < a.count || j < b.count {
      let order = i == a.count ? 1 : j == b.count ? -1 : compareCells(a.cell(i), b.cell(j))
      cells += order <= 0 ? a.cell(i) : b.cell(j)
      fromA.append(order <= 0 ? i : -1)
      fromB.append(order >= 0 ? j : -1)
      if order <= 0 { i += 1 }
      if order >= 0 { j += 1 }
    }
  }
}

/// -1, 0 or 1 as `a` comes before `b`, is the same or comes after it.
func compareCells(_ a: ArraySlice<Int>, _ b: ArraySlice<Int>) -> Int {
  for (x, y) in zip(a, b) where x != y { return x < y ? -1 : 1 }
  return 0
}

/// The sum of two sparse tensors, without sums below a threshold.
struct SparseAdd: EagerOperation {
  static let opNames = ["SparseAdd"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) -> [PartialShape]? { .sparse(rank: inputs[2].shape[0]) }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let a = try SparseInput(inputs)
    let b = try SparseInput(inputs, 3)
    try a.requireShape(of: b)
    guard inputs[6].rank == 0 else { throw BNormError.shape(6, "thresh", inputs[6], "a scalar") }
    let merge = Merge(a, b)
    // A value that only one of them has stays as it is, even -0.
    let values = a.values.selecting(merge.fromA)
    var (alone, common) = (
      [Int](repeating: -1, count: b.count), [Int](repeating: -1, count: b.count)
    )
    for (k, j) in merge.fromB.enumerated() where j >= 0 {
      if merge.fromA[k] < 0 { alone[j] = k } else { common[j] = k }
    }
    try values.scatter(b.values, at: alone, BNK_SCATTER_UPDATE)
    try values.scatter(b.values, at: common, BNK_SCATTER_ADD)
    let above = Set(keptPositions(values, inputs[6]))
    // What only one of them has is kept whatever it is.
    let kept = (0..<merge.count).filter {
      merge.fromA[$0] < 0 || merge.fromB[$0] < 0 || above.contains($0)
    }
    let sum = SparseInput(cells: merge.cells, values: values, shape: a.shape)
    return (kept.count == merge.count ? sum : sum.picking(kept)).outputs()
  }

  private func keptPositions(_ values: Tensor, _ threshold: Tensor) -> [Int] {
    if let limit = threshold.integers?[0], let integers = values.integers {
      return integers.indices.filter { limit <= 0 || limit.magnitude <= integers[$0].magnitude }
    }
    let limit = threshold.doubles?[0] ?? 0
    let sizes: [Double]
    switch values.dtype {
    case .complex64:
      sizes = values.elements(Complex64.self).map {
        Double(($0.real * $0.real + $0.imaginary * $0.imaginary).squareRoot())
      }
    case .complex128:
      sizes = values.elements(Complex128.self).map {
        ($0.real * $0.real + $0.imaginary * $0.imaginary).squareRoot()
      }
    default: sizes = (values.doubles ?? []).map { abs($0) }
    }
    return sizes.indices.filter { limit <= sizes[$0] }
  }
}

/// The gradients of `SparseAdd` by the values of both tensors.
struct SparseAddGrad: EagerOperation {
  static let opNames = ["SparseAddGrad"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    [1, 2].map { .vector(inputs[$0].shape.rank == 2 ? inputs[$0].shape[0] : nil) }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let gradient = inputs[0]
    guard gradient.rank == 1 else {
      throw BNormError.shape(0, "backprop_val_grad", gradient, "a vector")
    }
    let names = ["", "a_indices", "b_indices", "sum_indices"]
    let cells = try (1...3).map { try SparseInput.cells(inputs[$0], "input \($0) (\(names[$0]))") }
    let rank = inputs[1].shape[1]
    guard inputs[2].shape[1] == rank, inputs[3].shape[1] == rank else {
      throw BNormError.invalid(
        "the indices have shapes \(inputs[1].shape), \(inputs[2].shape) and \(inputs[3].shape), "
          + "expected one rank")
    }
    guard gradient.count == inputs[3].shape[0] else {
      throw BNormError.invalid(
        "input 0 (backprop_val_grad) has \(gradient.count) elements, but input 3 (sum_indices) has "
          + "shape \(inputs[3].shape)")
    }
    return [0, 1].map { side in
      let count = inputs[side + 1].shape[0]
      var positions = [Int](repeating: -1, count: count)
      var i = 0
      for k in 0..<gradient.count {
        while i < count {
          let order = compareCells(
            cells[side][i * rank..<(i + 1) * rank], cells[2][k * rank..<(k + 1) * rank])
          if order > 0 { break }
          if order == 0 { positions[i] = k }
          i += 1
          if order == 0 { break }
        }
      }
      return gradient.selecting(positions)
    }
  }
}

/// The larger or smaller of each element of two sparse tensors, which are 0 where they have none.
struct SparseExtremum: EagerOperation {
  static let opNames = ["SparseSparseMaximum", "SparseSparseMinimum"]
  private let op: bnk_binary_op

  init(_ node: NodeContext) throws {
    op = node.op == "SparseSparseMaximum" ? BNK_BINARY_MAXIMUM : BNK_BINARY_MINIMUM
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    Array([PartialShape].sparse(rank: inputs[2].shape[0])[..<2])
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let a = try SparseInput(inputs)
    let b = try SparseInput(inputs, 3)
    try a.requireShape(of: b)
    let merge = Merge(a, b)
    let values = try Tensor.combining(
      a.values.selecting(merge.fromA), b.values.selecting(merge.fromB), op)
    return [Tensor.cells(merge.cells, rank: a.rank, count: merge.count), values]
  }
}
