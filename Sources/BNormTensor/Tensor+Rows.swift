extension Tensor {
  /// Row `i` of dimension 0.
  public func row(_ i: Int) -> Tensor {
    rows(i..<(i + 1), shape: Shape(Array(shape.dimensions.dropFirst())))
  }

  /// Rows `range` of dimension 0, under shape `shape`.
  public func rows(_ range: Range<Int>, shape: Shape) -> Tensor {
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

  /// Writes `tensor` at element `offset`; only for the maker of this tensor.
  public func write(_ tensor: Tensor, at offset: Int) {
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
}
