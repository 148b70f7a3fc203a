import BNormCore
import BNormTensor

extension Tensor {
  /// Rows `range` of dimension 0, under shape `shape`.
  func rows(_ range: Range<Int>, shape: Shape) -> Tensor {
    let row = self.shape.product(1..<rank)
    let elements = (range.lowerBound * row)..<(range.upperBound * row)
    switch dtype {
    case .string: return Tensor(strings: Array(strings[elements]), shape: shape)
    case .resource, .variant:
      return Tensor(objects: Array(objects[elements]), dtype: dtype, shape: shape)
    default:
      let out = Tensor(dtype: dtype, shape: shape)
      out.storage.pointer.copyMemory(
        from: pointer + elements.lowerBound * dtype.size, byteCount: elements.count * dtype.size)
      return out
    }
  }

  /// The elements along dimension 0.
  func unstacked() -> [Tensor] {
    let shape = Shape(Array(shape.dimensions.dropFirst()))
    return (0..<self.shape[0]).map { rows($0..<($0 + 1), shape: shape) }
  }

  /// Writes `tensor` at element `offset`; only for the maker of this tensor.
  func write(_ tensor: Tensor, at offset: Int) {
    switch dtype {
    case .string:
      storage.strings.replaceSubrange(offset..<(offset + tensor.count), with: tensor.strings)
    case .resource, .variant:
      storage.objects.replaceSubrange(offset..<(offset + tensor.count), with: tensor.objects)
    default:
      (storage.pointer + offset * dtype.size).copyMemory(
        from: tensor.pointer, byteCount: tensor.byteCount)
    }
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
