import BNormCore
import BNormTensor

/// The entries of a sparse tensor sorted row by row.
struct SparseReorder: EagerOperation {
  static let opNames = ["SparseReorder"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape, inputs[1].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let sparse = try SparseInput(inputs)
    try sparse.requireInside()
    guard let order = sparse.order(sparse.keys(Array(0..<sparse.rank))) else {
      return [inputs[0], inputs[1]]
    }
    return Array(sparse.picking(order).outputs()[..<2])
  }
}

/// The indices of a sparse tensor under another shape.
struct SparseReshape: EagerOperation {
  static let opNames = ["SparseReshape"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    let rank = inputs[2].shape.rank == 1 ? inputs[2].shape[0] : nil
    let count = inputs[0].shape.rank == 2 ? inputs[0].shape[0] : nil
    return [PartialShape([count ?? -1, rank ?? -1]), PartialShape([rank ?? -1])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let cells = try SparseInput.cells(inputs[0], "input 0 (input_indices)")
    let old = try SparseInput.shape(inputs[1], "input 1 (input_shape)")
    guard old.count == inputs[0].shape[1] else {
      throw BNormError.invalid(
        "Input tensor rank must match input shape length: input 0 (input_indices) has shape "
          + "\(inputs[0].shape), input 1 (input_shape) is \(old)")
    }
    let new = try target(inputs[2], old)
    let count = inputs[0].shape[0]
    var moved = [Int](repeating: 0, count: try Shape(checking: [count, new.count]).count)
    for i in 0..<count {
      var flat = 0
      for d in 0..<old.count {
        let index = cells[i * old.count + d]
        guard index >= 0, index < old[d] else {
          throw BNormError.invalid(
            "input 0 (input_indices): row \(i) is "
              + "\(Array(cells[i * old.count..<(i + 1) * old.count])), "
              + "out of range for shape \(old)")
        }
        flat = flat * old[d] + index
      }
      for d in stride(from: new.count - 1, through: 0, by: -1) {
        moved[i * new.count + d] = flat % max(new[d], 1)
        flat /= max(new[d], 1)
      }
    }
    return [
      Tensor.cells(moved, rank: new.count, count: count), Tensor(new.map { Int64($0) }),
    ]
  }

  private func target(_ tensor: Tensor, _ old: [Int]) throws -> [Int] {
    guard tensor.rank == 1, var new = tensor.integers else {
      throw BNormError.shape(2, "new_shape", tensor, "a vector")
    }
    let total = try SparseInput.product(old, "input 1 (input_shape)")
    let open = new.indices.filter { new[$0] == -1 }
    guard open.count <= 1 else {
      throw BNormError.invalid(
        "only one output dimension may be -1, not both \(open[0]) and \(open[1])")
    }
    if let open = open.first {
      var others = new
      others[open] = 1
      let known = try SparseInput.product(others, "input 2 (new_shape)")
      guard known > 0 else {
        throw BNormError.invalid(
          "reshape cannot infer the missing input size for an empty tensor unless all specified "
            + "input "
            + "sizes are non-zero")
      }
      guard total % known == 0 else {
        throw BNormError.invalid(
          "Input to reshape is a SparseTensor with \(total) dense values, but the requested shape "
            + "\(new) requires a multiple of \(known)")
      }
      new[open] = total / known
    }
    guard try SparseInput.product(new, "input 2 (new_shape)") == total else {
      throw BNormError.invalid(
        "Input to reshape is a tensor with \(total) dense values, but the requested shape \(new) "
          + "has "
          + "another number")
    }
    return new
  }
}

/// Sparse tensors joined along one dimension.
struct SparseConcat: EagerOperation {
  static let opNames = ["SparseConcat"]
  private let axis: Int
  private let count: Int

  init(_ node: NodeContext) throws {
    axis = try node.int("concat_dim")
    count = try node.int("N")
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { .sparse(rank: inputs[2 * count].shape[0]) }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let parts = try (0..<count).map { i in
      let part = try SparseInput(
        indices: inputs[i], values: inputs[count + i], shape: inputs[2 * count + i], i)
      try part.requireInside("input \(i) (indices)")
      return part
    }
    var shape = parts[0].shape
    guard axis >= -shape.count, axis < shape.count else {
      throw BNormError.invalid(
        "Concat dimension must be in range [\(-shape.count), \(shape.count)), got \(axis)")
    }
    let axis = self.axis < 0 ? self.axis + shape.count : self.axis
    var cells = parts[0].cells
    for (i, part) in parts.enumerated().dropFirst() {
      let fits =
        part.rank == shape.count
        && shape.indices.allSatisfy { $0 == axis || shape[$0] == part.shape[$0] }
      guard fits else {
        throw BNormError.invalid(
          "the shape of part \(i) is \(part.shape), but that of part 0 is \(parts[0].shape); they "
            + "may "
            + "differ in dimension \(axis) only")
      }
      for k in part.cells.indices {
        cells.append(part.cells[k] + (k % part.rank == axis ? shape[axis] : 0))
      }
      let (sum, overflow) = shape[axis].addingReportingOverflow(part.shape[axis])
      guard !overflow else { throw BNormError.invalid("the shape of the output is too large") }
      shape[axis] = sum
    }
    try SparseInput.product(shape, "the shape of the output")
    return SparseInput(cells: cells, values: Tensor.joined(parts.map(\.values)), shape: shape)
      .sorted().outputs()
  }
}

extension Tensor {
  /// Vectors of one dtype, one after the other.
  static func joined(_ parts: [Tensor]) -> Tensor {
    let count = parts.reduce(0) { $0 + $1.count }
    switch parts[0].dtype {
    case .string: return Tensor(strings: parts.flatMap(\.strings), shape: [count])
    case .resource, .variant:
      return Tensor(objects: parts.flatMap(\.objects), dtype: parts[0].dtype, shape: [count])
    default:
      let out = Tensor(dtype: parts[0].dtype, shape: [count])
      var offset = 0
      for part in parts {
        (out.storage.pointer + offset).copyMemory(from: part.pointer, byteCount: part.byteCount)
        offset += part.byteCount
      }
      return out
    }
  }
}

/// A sparse tensor cut into parts along one dimension.
struct SparseSplit: EagerOperation {
  static let opNames = ["SparseSplit"]
  private let count: Int

  init(_ node: NodeContext) throws { count = try node.int("num_split") }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    [PartialShape].sparse(rank: inputs[3].shape[0]).flatMap {
      [PartialShape](repeating: $0, count: count)
    }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let sparse = try SparseInput(inputs, 1)
    guard inputs[0].count == 1, let given = inputs[0].integers?[0] else {
      throw BNormError.shape(0, "split_dim", inputs[0], "a scalar")
    }
    guard given >= -sparse.rank, given < sparse.rank else {
      throw BNormError.invalid(
        "Input split_dim should be between \(-sparse.rank) and \(sparse.rank) (rank), got \(given)")
    }
    let axis = given < 0 ? given + sparse.rank : given
    let size = sparse.shape[axis]
    guard count >= 1, count <= size else {
      throw BNormError.invalid(
        "Input num_split should be between 1 and the splitting dimension size (\(size)), got "
          + "\(count)"
      )
    }
    try sparse.requireInside("input 1 (indices)")
    // The first parts are one longer where the size does not divide.
    let (length, longer) = size.quotientAndRemainder(dividingBy: count)
    var parts = [[Int]](repeating: [], count: count)
    let border = longer * (length + 1)
    for i in 0..<sparse.count {
      let index = sparse.cells[i * sparse.rank + axis]
      parts[index < border ? index / (length + 1) : longer + (index - border) / length].append(i)
    }
    let made = parts.enumerated().map { k, positions -> [Tensor] in
      let part = sparse.picking(positions)
      let start = k < longer ? k * (length + 1) : border + (k - longer) * length
      var cells = part.cells
      for i in stride(from: axis, to: cells.count, by: sparse.rank) { cells[i] -= start }
      var shape = sparse.shape
      shape[axis] = k < longer ? length + 1 : length
      return SparseInput(cells: cells, values: part.values, shape: shape).outputs()
    }
    return (0..<3).flatMap { i in made.map { $0[i] } }
  }
}

extension Array where Element == PartialShape {
  static func sparse(rank: Int?) -> [PartialShape] {
    [PartialShape([-1, rank ?? -1]), PartialShape([-1]), PartialShape([rank ?? -1])]
  }
}
