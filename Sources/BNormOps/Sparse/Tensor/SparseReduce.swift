import BNormCore
import BNormTensor
import CBNormKernels

/// Sums or maxima of a sparse tensor along dimensions; what has no entries is 0 or left out.
struct SparseReduce: EagerOperation {
  static let opNames = [
    "SparseReduceSum", "SparseReduceMax", "SparseReduceSumSparse", "SparseReduceMaxSparse",
  ]
  private let takesMaximum: Bool
  private let staysSparse: Bool
  private let keepsDimensions: Bool

  init(_ node: NodeContext) throws {
    takesMaximum = node.op.contains("Max")
    staysSparse = node.op.hasSuffix("Sparse")
    keepsDimensions = try node.bool("keep_dims")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard staysSparse else {
      guard let dims = inputs[2].integers, let axes = inputs[3].integers else { return [.unknown] }
      let reduced = try reducedAxes(axes, rank: dims.count)
      return [PartialShape(outputShape(dims, reduced))]
    }
    return [PartialShape([-1, -1]), .vector(nil), .vector(nil)]
  }

  private func reducedAxes(_ axes: [Int], rank: Int) throws -> Set<Int> {
    Set(
      try axes.map { axis in
        guard axis >= -rank, axis < rank else {
          throw BNormError.invalid(
            "Invalid reduction dimension \(axis), for input with \(rank) dimensions.")
        }
        return axis < 0 ? axis + rank : axis
      })
  }

  private func outputShape(_ dims: [Int], _ reduced: Set<Int>) -> [Int] {
    dims.indices.compactMap {
      reduced.contains($0) ? (keepsDimensions ? 1 : nil) : dims[$0]
    }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let sparse = try SparseInput(inputs)
    guard inputs[3].rank <= 1, let axes = inputs[3].integers else {
      throw BNormError.shape(3, "reduction_axes", inputs[3], "a scalar or a vector")
    }
    try sparse.requireInside()
    let reduced = try reducedAxes(axes, rank: sparse.rank)
    let kept = (0..<sparse.rank).filter { !reduced.contains($0) }
    let shape = outputShape(sparse.shape, reduced)
    let keys = sparse.keys(kept)
    guard staysSparse else {
      let out = Tensor(zeros: sparse.values.dtype, shape: try Shape(checking: shape))
      try MemoryLimit.check(out.dtype, out.shape)
      try combine(sparse.values, keys, into: out)
      return [out]
    }
    // Entries in the order of their groups, so that sums round as TensorFlow's.
    let groups = Array(Set(keys)).sorted()
    let numbers = Dictionary(uniqueKeysWithValues: groups.enumerated().map { ($1, $0) })
    let out = Tensor(zeros: sparse.values.dtype, shape: [groups.count])
    try combine(sparse.values, keys.map { numbers[$0]! }, into: out)
    var cells = [Int](repeating: 0, count: try Shape(checking: [groups.count, shape.count]).count)
    for (i, group) in groups.enumerated() {
      var rest = group
      for (k, d) in kept.enumerated().reversed() {
        cells[i * shape.count + (keepsDimensions ? d : k)] = rest % sparse.shape[d]
        rest /= sparse.shape[d]
      }
    }
    return SparseInput(cells: cells, values: out, shape: shape).outputs()
  }

  private func combine(_ values: Tensor, _ positions: [Int], into out: Tensor) throws {
    guard takesMaximum else { return try out.scatter(values, at: positions, BNK_SCATTER_ADD) }
    try out.scatter(values, at: positions, BNK_SCATTER_UPDATE)
    try out.scatter(values, at: positions, BNK_SCATTER_MAX)
  }
}
