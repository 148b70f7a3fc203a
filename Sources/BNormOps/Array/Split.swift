import BNormCore
import BNormTensor

/// Cuts a tensor into equal parts along the dimension that input 0 names.
struct Split: PlannedOperation {
  static let opNames = ["Split"]
  let count: Int

  init(_ node: NodeContext) throws { count = try node.int("num_split") }

  var valueInputs: [Int] { [0] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].requireScalar("input 0 (split_dim)")
    guard var dims = inputs[1].shape.dimensions else { return Array(repeating: .unknown, count: count) }
    try inputs[1].shape.requireRank(atLeast: 1, "input 1 (value)")
    guard let given = inputs[0].integer else {
      return Array(repeating: .unknown(rank: dims.count), count: count)
    }
    let axis = try checkedAxis(given, rank: dims.count, "input 0 (split_dim)")
    if dims[axis] >= 0 {
      guard dims[axis] % count == 0 else {
        throw BNormError.invalid(
          "input 1 has shape \(inputs[1].shape): dimension \(axis) does not divide into \(count) "
            + "equal parts")
      }
      dims[axis] /= count
    }
    return Array(repeating: PartialShape(dims), count: count)
  }

  func lower(_ context: Lowering) throws -> Kernel {
    guard count > 1 else { return .alias(input: 1) }
    let shape = context.inputShape(1)
    let given = try context.integers(0)[0]
    let axis = try checkedAxis(given, rank: shape.rank, "input 0 (split_dim)")
    return try JoinKernel.split(
      input: 1, parts: Array(repeating: shape[axis] / count, count: count),
      outer: shape.product(0..<axis), inner: shape.product(axis + 1..<shape.rank),
      size: context.inputDType(1).size)
  }
}

/// Cuts a tensor into parts of the sizes that input 1 gives; one of them may be -1.
struct SplitV: PlannedOperation {
  static let opNames = ["SplitV"]
  let count: Int

  init(_ node: NodeContext) throws { count = try node.int("num_split") }

  var valueInputs: [Int] { [1, 2] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[2].requireScalar("input 2 (split_dim)")
    try inputs[1].requireVector("input 1 (size_splits)")
    if let length = inputs[1].shape[0], length != count {
      throw BNormError.invalid(
        "input 1 (size_splits) has shape \(inputs[1].shape), expected [\(count)]")
    }
    guard let dims = inputs[0].shape.dimensions else { return Array(repeating: .unknown, count: count) }
    try inputs[0].shape.requireRank(atLeast: 1, "input 0 (value)")
    guard let given = inputs[2].integer else {
      return Array(repeating: .unknown(rank: dims.count), count: count)
    }
    let axis = try checkedAxis(given, rank: dims.count, "input 2 (split_dim)")
    let parts: [Int]
    if count == 1 {
      if let size = inputs[1].integers?.first, dims[axis] >= 0, size != dims[axis] {
        throw BNormError.invalid(
          "input 1 (size_splits) holds \(size), but the dimension is \(dims[axis])")
      }
      parts = [dims[axis]]
    } else if let sizes = inputs[1].integers {
      parts = try SplitV.parts(sizes, of: dims[axis])
    } else {
      parts = Array(repeating: -1, count: count)
    }
    return parts.map { part in
      var out = dims
      out[axis] = part
      return PartialShape(out)
    }
  }

  /// The sizes with a -1 resolved; `total` may be unknown.
  private static func parts(_ sizes: [Int], of total: Int) throws -> [Int] {
    var out = sizes
    var sum = 0
    var open: Int?
    for (i, size) in sizes.enumerated() {
      if size == -1 {
        guard open == nil else {
          throw BNormError.invalid("input 1 (size_splits) has more than one -1: \(sizes)")
        }
        open = i
        continue
      }
      let (next, overflow) = sum.addingReportingOverflow(size)
      guard size >= 0, !overflow else {
        throw BNormError.invalid("input 1 (size_splits) holds \(sizes), sizes must not be negative")
      }
      sum = next
    }
    guard total >= 0 else { return out }
    guard open == nil ? sum == total : sum <= total else {
      throw BNormError.invalid(
        "input 1 (size_splits) holds \(sizes) with sum \(sum), but the dimension is \(total)")
    }
    if let open { out[open] = total - sum }
    return out
  }

  func lower(_ context: Lowering) throws -> Kernel {
    guard count > 1 else { return .alias(input: 0) }
    let shape = context.inputShape(0)
    let given = try context.integers(2)[0]
    let axis = try checkedAxis(given, rank: shape.rank, "input 2 (split_dim)")
    return try JoinKernel.split(
      input: 0, parts: (0..<count).map { context.outputShape($0)[axis] },
      outer: shape.product(0..<axis), inner: shape.product(axis + 1..<shape.rank),
      size: context.inputDType(0).size)
  }
}
