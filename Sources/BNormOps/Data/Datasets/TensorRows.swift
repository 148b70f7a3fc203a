import BNormTensor

extension Tensor {
  /// Tensors of one dtype and shape as one.
  static func stack(_ tensors: [Tensor], component: Int) throws -> Tensor {
    let first = tensors[0]
    let out = Tensor(
      dtype: first.dtype, shape: try Shape(checking: [tensors.count] + first.shape.dimensions))
    for (i, tensor) in tensors.enumerated() {
      guard tensor.shape == first.shape else {
        throw BNormError.invalid(
          "Cannot batch tensors with different shapes in component \(component). First element had "
            + "shape \(first.shape) and element \(i) had shape \(tensor.shape).")
      }
      out.write(tensor, at: i * first.count)
    }
    return out
  }

  /// Tensors of one rank, each filled up with `padding` to `shape`, as one.
  static func stack(_ tensors: [Tensor], padding: Tensor, shape: Shape) throws -> Tensor {
    let dtype = tensors[0].dtype
    let whole = try Shape(checking: [tensors.count] + shape.dimensions)
    try MemoryLimit.check(dtype, whole)
    let out = Tensor(dtype: dtype, shape: whole)
    if shape.count > 0, tensors.contains(where: { $0.shape != shape }) {
      for i in 0..<whole.count { out.write(padding, at: i) }
    }
    let last = shape.rank - 1
    for (i, tensor) in tensors.enumerated() {
      if tensor.shape == shape {
        out.write(tensor, at: i * shape.count)
        continue
      }
      guard tensor.count > 0 else { continue }
      // Row by row of the last dimension.
      let width = tensor.shape[last]
      let flat = tensor.reshaped([tensor.count / width, width])
      var place = [Int](repeating: 0, count: last)
      for row in 0..<flat.shape[0] {
        var offset = 0
        for d in 0..<last { offset = (offset + place[d]) * shape[d + 1] }
        out.write(flat.row(row), at: i * shape.count + offset)
        for d in stride(from: last - 1, through: 0, by: -1) {
          place[d] += 1
          if place[d] < tensor.shape[d] { break }
          place[d] = 0
        }
      }
    }
    return out
  }
}
