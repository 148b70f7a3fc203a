import BNormTensor
import CBNormKernels

/// Moves rows of any dtype, strings and objects included, for ops whose shapes depend on data.
enum RowMover {
  /// Row i of the result is row `rows[i]` of `tensor` seen as rows of `rowCount` elements.
  static func gather(_ tensor: Tensor, rows: [Int], rowCount: Int, shape: Shape) -> Tensor {
    switch tensor.dtype {
    case .string:
      let source = tensor.strings
      return Tensor(
        strings: rows.flatMap { source[$0 * rowCount..<($0 + 1) * rowCount] }, shape: shape)
    case .resource, .variant:
      let source = tensor.objects
      return Tensor(
        objects: rows.flatMap { source[$0 * rowCount..<($0 + 1) * rowCount] }, dtype: tensor.dtype,
        shape: shape)
    default:
      let out = Tensor(dtype: tensor.dtype, shape: shape)
      var gather = bnk_gather(
        batch: 1, outer: 1, count: rows.count, limit: 0, row: rowCount * tensor.dtype.size,
        index_size: 8)
      bnk_gather_run(&gather, tensor.pointer, rows, out.storage.pointer)
      return out
    }
  }

  /// Rows scattered from several tensors: `placement[i]` names the source and its row for row i, or
  /// nil where the row stays zero.
  static func assemble(
    _ sources: [Tensor], _ placement: [(source: Int, row: Int)?], rowCount: Int, dtype: DType,
    shape: Shape
  ) -> Tensor {
    guard dtype.isPlain else {
      var strings: [ByteString] = []
      var objects: [(any TensorObject)?] = []
      for place in placement {
        guard let place else {
          if dtype == .string { strings += Array(repeating: .empty, count: rowCount) }
          else { objects += Array(repeating: nil, count: rowCount) }
          continue
        }
        let range = place.row * rowCount..<(place.row + 1) * rowCount
        if dtype == .string { strings += sources[place.source].strings[range] }
        else { objects += sources[place.source].objects[range] }
      }
      return dtype == .string
        ? Tensor(strings: strings, shape: shape) : Tensor(objects: objects, dtype: dtype, shape: shape)
    }
    let out = Tensor(dtype: dtype, shape: shape)
    let bytes = rowCount * dtype.size
    var target = out.storage.pointer
    for place in placement {
      if let place {
        target.copyMemory(from: sources[place.source].pointer + place.row * bytes, byteCount: bytes)
      } else {
        target.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      }
      target += bytes
    }
    return out
  }
}

extension Tensor {
  /// A vector of integers as int32 or int64.
  init(integers: [Int], dtype: DType, shape: Shape? = nil) {
    let shape = shape ?? [integers.count]
    if dtype == .int32 {
      self.init(integers.map { Int32(truncatingIfNeeded: $0) }, shape: shape)
    } else {
      self.init(integers.map { Int64($0) }, shape: shape)
    }
  }
}
