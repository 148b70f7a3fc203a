import BNormCore
import BNormTensor
import CBNormKernels

/// How a segment of picked rows is scaled once it is summed.
enum SegmentScale: Sendable {
  case sum, mean, sqrtN

  func factor(_ count: Int) -> Double {
    switch self {
    case .sum: 1
    case .mean: 1 / Double(max(count, 1))
    case .sqrtN: 1 / Double(max(count, 1)).squareRoot()
    }
  }
}

/// Sums the rows of input 0 that input 1 picks, by the sorted segment ids of input 2. The number of
/// segments is input 3 or the last id plus one; a segment without rows is 0.
struct SparseSegment: EagerOperation {
  private static let table: [String: SegmentScale] = [
    "SparseSegmentSum": .sum, "SparseSegmentMean": .mean, "SparseSegmentSqrtN": .sqrtN,
    "SparseSegmentSumWithNumSegments": .sum, "SparseSegmentMeanWithNumSegments": .mean,
    "SparseSegmentSqrtNWithNumSegments": .sqrtN,
  ]
  static var opNames: [String] { Array(table.keys) }
  private let scale: SegmentScale

  init(_ node: NodeContext) throws {
    scale = SparseSegment.table[node.op]!
    try requireAddable(node)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 1, "input 0 (data)")
    try inputs[1].shape.requireRank(1, "input 1 (indices)")
    try inputs[2].shape.requireRank(1, "input 2 (segment_ids)")
    if inputs.count > 3 { try inputs[3].shape.requireRank(0, "input 3 (num_segments)") }
    guard let dimensions = inputs[0].shape.dimensions else { return [.unknown] }
    let count = inputs.count > 3 ? inputs[3].integers?.first : nil
    return [PartialShape([max(count ?? -1, -1)] + dimensions.dropFirst())]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let data = inputs[0]
    let picks = try Picks(inputs[1], inputs[2])
    guard data.rank > 0 else {
      throw BNormError.invalid("input 0 (data) is a scalar, expected at least rank 1")
    }
    var count = (picks.segments.last ?? -1).addingReportingOverflow(1).partialValue
    if inputs.count > 3 {
      guard let wanted = inputs[3].integers?.first, wanted >= count else {
        throw BNormError.invalid(
          "input 3 (num_segments) is \(inputs[3].integers ?? []), but the last segment id is "
            + "\(count - 1)")
      }
      count = wanted
    }
    try picks.check(picks.indices, below: data.shape[0], "index")
    let out = Tensor(
      dtype: data.dtype,
      shape: try Shape(checking: [count] + data.shape.dimensions.dropFirst()).fitting(data.dtype))
    var sums = RowSums(data.dtype, row: data.shape.product(1..<data.rank), out: out)
    sums.zero(count)
    var i = 0
    while i < picks.indices.count {
      let segment = picks.segments[i]
      var end = i
      while end < picks.segments.count, picks.segments[end] == segment { end += 1 }
      sums.begin()
      for k in i..<end { sums.add(data.pointer, row: picks.indices[k]) }
      sums.scale(scale.factor(end - i))
      sums.store(segment)
      i = end
    }
    return [out]
  }
}

/// The gradient of `SparseSegment` by its data: rows of input 0 go back to where they came from.
/// The second version gives only the rows that were picked, and which they are.
struct SparseSegmentGrad: EagerOperation {
  private static let table: [String: SegmentScale] = [
    "SparseSegmentSumGrad": .sum, "SparseSegmentMeanGrad": .mean,
    "SparseSegmentSqrtNGrad": .sqrtN, "SparseSegmentSumGradV2": .sum,
    "SparseSegmentMeanGradV2": .mean, "SparseSegmentSqrtNGradV2": .sqrtN,
  ]
  static var opNames: [String] { Array(table.keys) }
  private let scale: SegmentScale
  private let isCompact: Bool

  init(_ node: NodeContext) throws {
    scale = SparseSegmentGrad.table[node.op]!
    isCompact = node.op.hasSuffix("V2")
    try requireAddable(node)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[1].shape.requireRank(1, "input 1 (indices)")
    try inputs[2].shape.requireRank(1, "input 2 (segment_ids)")
    try inputs[3].shape.requireRank(0, "input 3 (output_dim0)")
    guard let dimensions = inputs[0].shape.dimensions else {
      return isCompact ? [.unknown, .vector(nil)] : [.unknown]
    }
    let count = isCompact ? nil : inputs[3].integers?.first
    let shape = PartialShape([max(count ?? -1, -1)] + dimensions.dropFirst())
    return isCompact ? [shape, .vector(nil)] : [shape]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let grad = inputs[0]
    let picks = try Picks(inputs[1], inputs[2])
    guard grad.rank > 0, inputs[3].rank == 0, let rows = inputs[3].integers?.first, rows >= 0 else {
      throw BNormError.invalid(
        "input 0 has shape \(grad.shape) and input 3 (output_dim0) is \(inputs[3].integers ?? []) "
          + "of shape \(inputs[3].shape), expected a scalar")
    }
    try picks.check(picks.indices, below: rows, "index")
    try picks.check(picks.segments, below: grad.shape[0], "segment id")
    var counts = [Int](repeating: 0, count: grad.shape[0])
    for segment in picks.segments { counts[segment] += 1 }
    let order = picks.indices.indices.sorted {
      (picks.indices[$0], $0) < (picks.indices[$1], $1)
    }
    let unique = order.map { picks.indices[$0] }.reduce(into: [Int]()) {
      if $0.last != $1 { $0.append($1) }
    }
    let count = isCompact ? unique.count : rows
    let out = Tensor(
      dtype: grad.dtype,
      shape: try Shape(checking: [count] + grad.shape.dimensions.dropFirst()).fitting(grad.dtype))
    var sums = RowSums(grad.dtype, row: grad.shape.product(1..<grad.rank), out: out)
    sums.zero(count)
    var i = 0
    var place = 0
    while i < order.count {
      let index = picks.indices[order[i]]
      sums.begin()
      while i < order.count, picks.indices[order[i]] == index {
        let segment = picks.segments[order[i]]
        sums.add(grad.pointer, row: segment, factor: scale.factor(counts[segment]))
        i += 1
      }
      sums.store(isCompact ? place : index)
      place += 1
    }
    guard isCompact else { return [out] }
    let dtype = context.outputDTypes[1]
    let which =
      dtype == .int64 ? Tensor(unique.map(Int64.init)) : Tensor(unique.map { Int32($0) })
    return [out, which]
  }
}

private func requireAddable(_ node: NodeContext) throws {
  let dtype = node.inputDTypes[0]
  guard dtype.isPlain, !dtype.isComplex, dtype != .bool,
    bnk_binary(BNK_BINARY_ADD, dtype.kernel) != nil
  else { throw BNormError.unsupported("\(node.op) of \(dtype.name)") }
}

/// Which rows go to which segment.
private struct Picks {
  let indices: [Int]
  let segments: [Int]

  init(_ indices: Tensor, _ segments: Tensor) throws {
    guard indices.rank == 1, indices.shape == segments.shape else {
      throw BNormError.invalid(
        "input 1 (indices) has shape \(indices.shape), but input 2 (segment_ids) has shape "
          + "\(segments.shape)")
    }
    self.indices = indices.integers ?? []
    self.segments = segments.integers ?? []
    var previous = 0
    for id in self.segments {
      guard id >= previous, id < Int.max else {
        throw BNormError.invalid(
          "input 2 (segment_ids) is not sorted or negative: \(id) after \(previous)")
      }
      previous = id
    }
  }

  func check(_ values: [Int], below limit: Int, _ what: String) throws {
    if let wrong = values.first(where: { $0 < 0 || $0 >= limit }) {
      throw BNormError.invalid("\(what) \(wrong) is out of range [0, \(limit))")
    }
  }
}
