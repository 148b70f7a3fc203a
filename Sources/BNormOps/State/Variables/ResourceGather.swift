import BNormCore
import BNormTensor
import CBNormKernels

/// Rows of a variable.
struct ResourceGather: EagerOperation {
  static let opNames = ["ResourceGather"]
  private let batchDims: Int
  private let dtype: DType

  init(_ node: NodeContext) throws {
    batchDims = try node.int("batch_dims")
    dtype = try node.dtype("dtype")
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    guard batchDims == 0, let params = inputs[0].handleShape?.full, params.rank > 0,
      let indices = inputs[1].shape.dimensions
    else { return nil }
    return [PartialShape(indices + params.dimensions.dropFirst())]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let params = try Variable.value(of: inputs[0], dtype)
    let indices = inputs[1]
    guard params.rank > 0 else { throw BNormError.invalid("params must be at least 1 dimensional") }
    var batch = batchDims
    if batch < 0 { batch += indices.rank }
    guard batch >= 0, batch <= indices.rank, batch < params.rank else {
      throw BNormError.invalid(
        "batch_dims \(batchDims) is out of range for indices of shape \(indices.shape) and a variable "
          + "of shape \(params.shape)")
    }
    let (p, i) = (params.shape.dimensions, indices.shape.dimensions)
    guard p[..<batch] == i[..<batch] else {
      throw BNormError.invalid(
        "the first \(batch) dimensions of the variable's shape \(params.shape) and of indices' shape "
          + "\(indices.shape) differ")
    }
    let bad = bnk_bad_index(indices.pointer, indices.dtype.size, indices.count, Int64(p[batch]))
    guard bad == indices.count else {
      throw BNormError.invalid(
        "indices\(Position(bad, in: indices.shape)) = \(indices.integers?[bad] ?? 0) is not in [0, "
          + "\(p[batch]))")
    }
    let shape = try Shape(checking: Array(p[..<batch]) + i[batch...] + p[(batch + 1)...])
    let row = params.shape.product((batch + 1)..<params.rank)
    if !params.dtype.isPlain {
      return [try objects(params, indices, shape, batch: batch, row: row)]
    }
    let out = Tensor(dtype: dtype, shape: try shape.fitting(dtype))
    var gather = bnk_gather(
      batch: params.shape.product(0..<batch), outer: 1,
      count: indices.shape.product(batch..<indices.rank), limit: p[batch], row: row * dtype.size,
      index_size: indices.dtype.size)
    bnk_gather_run(&gather, params.pointer, indices.pointer, out.storage.pointer)
    return [out]
  }

  private func objects(
    _ params: Tensor, _ indices: Tensor, _ shape: Shape, batch: Int, row: Int
  ) throws -> Tensor {
    let out = Tensor(dtype: dtype, shape: try shape.fitting(dtype))
    let perBatch = max(indices.shape.product(batch..<indices.rank), 1)
    for (i, index) in (indices.integers ?? []).enumerated() {
      let from = (i / perBatch * params.shape[batch] + index) * row
      for k in 0..<row {
        if dtype == .string {
          out.storage.strings[i * row + k] = params.strings[from + k]
        } else {
          out.storage.objects[i * row + k] = params.objects[from + k]
        }
      }
    }
    return out
  }
}

/// Slices of a variable.
struct ResourceGatherNd: EagerOperation {
  static let opNames = ["ResourceGatherNd"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("dtype") }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let params = try Variable.value(of: inputs[0], dtype)
    let indices = inputs[1]
    guard params.rank > 0 else { throw BNormError.invalid("params must be at least a vector") }
    guard indices.rank > 0 else { throw BNormError.invalid("indices must be at least a vector") }
    let depth = indices.shape[indices.rank - 1]
    guard depth <= params.rank else {
      throw BNormError.invalid(
        "index innermost dimension length must be <= params rank; saw: \(depth) vs. \(params.rank)")
    }
    let shape = try Shape(
      checking: Array(indices.shape.dimensions.dropLast()) + params.shape.dimensions[depth...])
    let count = indices.shape.product(0..<(indices.rank - 1))
    let row = params.shape.product(depth..<params.rank)
    let out = Tensor(dtype: dtype, shape: try shape.fitting(dtype))
    guard count > 0, row > 0 else { return [out] }
    let offsets = try ScatterKernel.offsets(
      indices, count: count, depth: depth, in: params.shape, ignoresBad: false)
    guard dtype.isPlain else {
      for (i, offset) in offsets.enumerated() {
        for k in 0..<row {
          if dtype == .string {
            out.storage.strings[i * row + k] = params.strings[Int(offset) + k]
          } else {
            out.storage.objects[i * row + k] = params.objects[Int(offset) + k]
          }
        }
      }
      return [out]
    }
    bnk_gather_offsets(
      out.storage.pointer, params.pointer, offsets.map { $0 / Int64(row) }, count, row * dtype.size)
    return [out]
  }
}
