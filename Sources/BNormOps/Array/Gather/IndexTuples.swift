import BNormCore
import BNormTensor
import CBNormKernels

/// An array of index tuples: its last dimension indexes the first dimensions of a tensor.
struct IndexTuples {
  let count: Int
  let depth: Int
  let indexSize: Int
  let dtype: DType
  let dims: [Int64]
  let strides: [Int64]

  /// Tuples of `indices` into `shape`; strides are in elements, or in rows of what the tuples leave.
  init(_ indices: Shape, dtype: DType, into shape: Shape, rows: Bool, depth: Int, count: Int) {
    self.count = count
    self.depth = depth
    indexSize = dtype.size
    self.dtype = dtype
    dims = shape.dimensions.prefix(depth).map { Int64($0) }
    let row = rows ? max(shape.product(depth..<shape.rank), 1) : 1
    strides = shape.strides.prefix(depth).map { Int64($0 / row) }
  }

  /// Fills `offsets`; a bad tuple throws unless it is to be skipped.
  func offsets(
    _ indices: UnsafeRawPointer, _ offsets: UnsafeMutablePointer<Int64>, ignoresBad: Bool,
    shape: Shape, input: Int
  ) throws {
    let bad = bnk_nd_offsets(indices, indexSize, count, depth, dims, strides, offsets)
    guard bad < count, !ignoresBad else { return }
    let tuple = (0..<depth).map { dtype.integer(indices, at: bad * depth + $0) }
    throw BNormError.invalid(
      "input \(input) (indices) holds \(tuple) at tuple \(bad), which does not index shape \(shape)")
  }
}

/// What to do with indices out of range.
struct BadIndicesPolicy {
  let ignores: Bool

  init(_ node: NodeContext) throws {
    let policy = node.optional("bad_indices_policy")?.asBytes?.string ?? ""
    guard ["", "DEFAULT", "ERROR", "IGNORE"].contains(policy) else {
      throw BNormError.invalid(
        "attribute bad_indices_policy is \"\(policy)\", expected DEFAULT, ERROR or IGNORE")
    }
    ignores = policy == "IGNORE"
  }
}
