import BNormCore
import BNormTensor

/// Gives every row without values the default value. Also tells which rows these are and where each
/// given value went.
struct RaggedFillEmptyRows: EagerOperation {
  static let opNames = ["RaggedFillEmptyRows"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(1, "input 0 (value_rowids)")
    try inputs[1].shape.requireRank(1, "input 1 (values)")
    try inputs[2].shape.requireRank(0, "input 2 (nrows)")
    try inputs[3].shape.requireRank(0, "input 3 (default_value)")
    let count = inputs[0].shape[0] ?? inputs[1].shape[0]
    if let count, let values = inputs[1].shape[0], count != values {
      throw BNormError.invalid(
        "input 0 (value_rowids) has \(count) elements, but input 1 (values) has \(values)")
    }
    return [.unknown, .vector(nil), .vector(nil), .vector(count)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let (ids, values) = (inputs[0].integers ?? [], inputs[1])
    let shape = try Shape(checking: inputs[2].integers ?? [])
    try MemoryLimit.check(.int64, shape)
    let rows = shape.count
    for id in ids where id < 0 || id >= rows {
      throw BNormError.invalid("input 0 (value_rowids) contains \(id), expected [0, \(rows))")
    }
    var counts = [Int](repeating: 0, count: rows)
    for id in ids { counts[id] += 1 }
    var next = [Int](repeating: 0, count: rows)
    var total = 0
    for row in 0..<rows {
      next[row] = total
      total += max(counts[row], 1)
    }
    var placement = [RowSource?](repeating: RowSource(tensor: 1, row: 0), count: total)
    var outIDs = [Int64](repeating: 0, count: total)
    for row in 0..<rows where counts[row] == 0 { outIDs[next[row]] = Int64(row) }
    var reverse: [Int64] = []
    for (i, id) in ids.enumerated() {
      reverse.append(Int64(next[id]))
      outIDs[next[id]] = Int64(id)
      placement[next[id]] = RowSource(tensor: 0, row: i)
      next[id] += 1
    }
    return [
      Tensor(outIDs, shape: rows == 0 ? [0, 1] : [total]),
      RowCopy.assemble(
        [values, inputs[3]], placement, width: 1, dtype: values.dtype, shape: [total]),
      Tensor(counts.map { $0 == 0 }), Tensor(reverse),
    ]
  }
}

/// The gradient of RaggedFillEmptyRows: of the values, and of the default value.
struct RaggedFillEmptyRowsGrad: EagerOperation {
  static let opNames = ["RaggedFillEmptyRowsGrad"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(1, "input 0 (reverse_index_map)")
    try inputs[1].shape.requireRank(1, "input 1 (grad_values)")
    return [.vector(inputs[0].shape[0]), .scalar]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let (map, gradient) = (inputs[0].integers ?? [], inputs[1])
    var isVisited = [Bool](repeating: false, count: gradient.count)
    for i in map {
      guard isVisited.indices.contains(i) else {
        throw BNormError.invalid(
          "input 0 (reverse_index_map) contains \(i), but input 1 (grad_values) has "
            + "\(gradient.count) elements")
      }
      isVisited[i] = true
    }
    let rest = Tensor(zeros: gradient.dtype, shape: .scalar)
    for i in isVisited.indices where !isVisited[i] {
      try rest.accumulate(gradient.pointer + i * gradient.dtype.size, count: 1)
    }
    return [RowCopy.gather(gradient, rows: map, width: 1, shape: [map.count]), rest]
  }
}
