import BNormCore
import BNormTensor

/// The distinct elements (or slices along an axis) in the order in which they come up first, which of
/// them each element is, and how often each comes up.
struct Unique: EagerOperation {
  static let opNames = ["Unique", "UniqueV2", "UniqueWithCounts", "UniqueWithCountsV2"]
  private let hasAxis: Bool
  private let hasCounts: Bool

  init(_ node: NodeContext) throws {
    hasAxis = node.op.hasSuffix("V2")
    hasCounts = node.op.hasPrefix("UniqueWithCounts")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let shape = inputs[0].shape
    var y = PartialShape.unknown
    var idx = PartialShape.unknown(rank: 1)
    if !hasAxis {
      try shape.requireRank(1, "input 0")
      y = .unknown(rank: 1)
      idx = .vector(shape[0])
    } else if let axes = inputs[1].integers {
      try inputs[1].shape.requireRank(1, "input 1 (axis)")
      let axis = try axis(axes, rank: shape.rank)
      if let axis, var dims = shape.dimensions {
        idx = .vector(shape[axis])
        dims[axis] = -1
        y = PartialShape(dims)
      }
    } else {
      y = .unknown(rank: shape.rank)
    }
    return [y, idx] + (hasCounts ? [.unknown(rank: 1)] : [])
  }

  /// The axis that the axis input names; no element stands for the only dimension.
  private func axis(_ axes: [Int], rank: Int?) throws -> Int? {
    guard axes.count <= 1 else {
      throw BNormError.invalid("input 1 (axis) has \(axes.count) elements, at most one is taken")
    }
    guard let rank else { return nil }
    guard let given = axes.first else {
      guard rank == 1 else {
        throw BNormError.invalid("input 0 has rank \(rank), but without an axis only vectors are taken")
      }
      return 0
    }
    return try checkedAxis(given, rank: rank, "input 1 (axis)")
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let input = inputs[0]
    if !hasAxis, input.rank != 1 {
      throw BNormError.invalid("input 0 has shape \(input.shape), expected a vector")
    }
    if hasAxis, inputs[1].rank != 1 {
      throw BNormError.invalid("input 1 (axis) has shape \(inputs[1].shape), expected a vector")
    }
    let axis = hasAxis ? try axis(inputs[1].integers ?? [], rank: input.rank)! : 0
    let keys = try RowKeys(input, axis: axis)
    guard keys.count <= Int(Int32.max) else {
      throw BNormError.unsupported("more than \(Int32.max) elements")
    }
    var table = RowTable(keys)
    var rows: [Int] = []
    var index: [Int] = []
    var counts: [Int] = []
    index.reserveCapacity(keys.count)
    for i in 0..<keys.count {
      let number = table.findOrInsert(i, number: rows.count, rows: rows)
      if number == rows.count {
        rows.append(i)
        counts.append(0)
      }
      counts[number] += 1
      index.append(number)
    }
    let indexType = context.outputDTypes[1]
    let y = Unique.take(input, rows, axis: axis)
    return [y, Tensor(integers: index, dtype: indexType)]
      + (hasCounts ? [Tensor(integers: counts, dtype: indexType)] : [])
  }

  /// The slices `rows` along `axis`.
  private static func take(_ input: Tensor, _ rows: [Int], axis: Int) -> Tensor {
    var dims = input.shape.dimensions
    let (outer, n) = (input.shape.product(0..<axis), dims[axis])
    let inner = input.shape.product(axis + 1..<dims.count)
    dims[axis] = rows.count
    let all = (0..<outer).flatMap { o in rows.map { o * n + $0 } }
    return RowMover.gather(input, rows: all, rowCount: inner, shape: Shape(dims))
  }
}

/// The elements of input 0 that are not in input 1, and where they are.
struct ListDiff: EagerOperation {
  static let opNames = ["ListDiff"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(1, "input 0")
    try inputs[1].shape.requireRank(1, "input 1")
    return [.unknown(rank: 1), .unknown(rank: 1)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    for (i, input) in inputs.enumerated() where input.rank != 1 {
      throw BNormError.invalid("input \(i) has shape \(input.shape), expected a vector")
    }
    let x = try RowKeys(inputs[0], axis: 0)
    let y = try RowKeys(inputs[1], axis: 0)
    var table = RowTable(y)
    for i in 0..<y.count { table.insert(i) }
    let rows = (0..<x.count).filter { !table.contains($0, of: x) }
    return [
      RowMover.gather(inputs[0], rows: rows, rowCount: 1, shape: [rows.count]),
      Tensor(integers: rows, dtype: context.outputDTypes[1]),
    ]
  }
}
