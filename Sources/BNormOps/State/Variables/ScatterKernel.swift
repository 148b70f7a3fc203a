import BNormCore
import BNormTensor
import CBNormKernels

/// Runs the scatter kernels on a variable's value.
enum ScatterKernel {
  static func operation(named op: String) throws -> bnk_scatter_op {
    let table: [(String, bnk_scatter_op)] = [
      ("Update", BNK_SCATTER_UPDATE), ("Add", BNK_SCATTER_ADD), ("Sub", BNK_SCATTER_SUB),
      ("Mul", BNK_SCATTER_MUL), ("Div", BNK_SCATTER_DIV), ("Min", BNK_SCATTER_MIN),
      ("Max", BNK_SCATTER_MAX),
    ]
    guard let found = table.first(where: { op.hasSuffix($0.0) }) else {
      throw BNormError.unsupported(op)
    }
    return found.1
  }

  /// The element offsets of index tuples; -1 for those that are out of range, if that is allowed.
  static func offsets(
    _ indices: Tensor, count: Int, depth: Int, in shape: Shape, ignoresBad: Bool
  ) throws -> [Int64] {
    var offsets = [Int64](repeating: 0, count: count)
    let dims = shape.dimensions.map { Int64($0) } + [1]
    let strides = shape.strides.map { Int64($0) } + [1]
    let bad = bnk_nd_offsets(
      indices.pointer, indices.dtype.size, count, depth, dims, strides, &offsets)
    if bad < count, !ignoresBad {
      let values = indices.integers ?? []
      let tuple = values[(bad * depth)..<((bad + 1) * depth)].map(String.init)
      let outer = Shape(Array(indices.shape.dimensions.dropLast()))
      throw BNormError.invalid(
        "indices\(Position(bad, in: outer)) = [\(tuple.joined(separator: ", "))] does not index into "
          + "shape \(shape)")
    }
    return offsets
  }

  static func run(
    _ operation: bnk_scatter_op, _ target: Tensor, _ updates: Tensor, offsets: [Int64], row: Int
  ) throws {
    let isScalar = updates.rank == 0 && !(offsets.count == 1 && row == 1)
    if !target.dtype.isPlain {
      guard operation == BNK_SCATTER_UPDATE else {
        throw BNormError.unsupported("dtype \(target.dtype.name)")
      }
      for (i, offset) in offsets.enumerated() where offset >= 0 {
        for k in 0..<row {
          let from = isScalar ? 0 : i * row + k
          if target.dtype == .string {
            target.storage.strings[Int(offset) + k] = updates.strings[from]
          } else {
            target.storage.objects[Int(offset) + k] = updates.objects[from]
          }
        }
      }
      return
    }
    if operation == BNK_SCATTER_DIV, target.dtype.isInteger,
      updates.integers?.contains(0) ?? false
    {
      throw BNormError.invalid("integer division by zero: input 2 (updates) contains 0")
    }
    guard
      bnk_scatter_run(
        target.storage.pointer, updates.pointer, offsets, offsets.count, row,
        Int32(target.dtype.rawValue), operation, isScalar)
    else { throw BNormError.unsupported("dtype \(target.dtype.name)") }
  }
}
