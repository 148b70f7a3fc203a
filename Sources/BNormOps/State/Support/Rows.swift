import BNormCore
import BNormTensor

extension Tensor {
  /// The elements along dimension 0.
  func unstacked() -> [Tensor] {
    (0..<shape[0]).map(row)
  }

  /// All of `tensors` one after the other under `shape`; nil leaves `gap` zeros.
  static func joining(
    _ tensors: [Tensor?], gaps: (Int) -> Int, dtype: DType, shape: Shape
  ) throws -> Tensor {
    let out = Tensor(dtype: dtype, shape: try shape.fitting(dtype))
    var offset = 0
    for (i, tensor) in tensors.enumerated() {
      if let tensor {
        out.write(tensor, at: offset)
        offset += tensor.count
      } else {
        let count = gaps(i)
        if dtype.isPlain {
          (out.storage.pointer + offset * dtype.size).initializeMemory(
            as: UInt8.self, repeating: 0, count: count * dtype.size)
        }
        offset += count
      }
    }
    return out
  }
}
