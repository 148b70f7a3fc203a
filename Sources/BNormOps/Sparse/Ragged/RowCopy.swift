import BNormCore
import BNormTensor
import CBNormKernels

/// Where a row comes from: a tensor of a list, and a row of it.
struct RowSource {
  let tensor: Int
  let row: Int
}

/// Moves rows of any dtype, strings and objects included.
enum RowCopy {
  /// Row i of the result is the row that `rows[i]` names, or zeros; a row has `width` elements.
  static func assemble(
    _ tensors: [Tensor], _ rows: [RowSource?], width: Int, dtype: DType, shape: Shape
  ) -> Tensor {
    switch dtype {
    case .string:
      let empty = Array(repeating: ByteString.empty, count: width)
      let all = tensors.map(\.strings)
      return Tensor(
        strings: rows.flatMap { place in
          place.map { all[$0.tensor][$0.row * width..<($0.row + 1) * width] } ?? empty[...]
        }, shape: shape)
    case .resource, .variant:
      let empty = [(any TensorObject)?](repeating: nil, count: width)
      let all = tensors.map(\.objects)
      return Tensor(
        objects: rows.flatMap { place in
          place.map { all[$0.tensor][$0.row * width..<($0.row + 1) * width] } ?? empty[...]
        }, dtype: dtype, shape: shape)
    default:
      let out = Tensor(dtype: dtype, shape: shape)
      let bytes = width * dtype.size
      var target = out.storage.pointer
      for place in rows {
        if let place {
          target.copyMemory(
            from: tensors[place.tensor].pointer + place.row * bytes, byteCount: bytes)
        } else {
          target.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        }
        target += bytes
      }
      return out
    }
  }

  /// Row i of the result is row `rows[i]` of `tensor`.
  static func gather(_ tensor: Tensor, rows: some Sequence<Int>, width: Int, shape: Shape) -> Tensor
  {
    assemble(
      [tensor], rows.map { RowSource(tensor: 0, row: $0) }, width: width, dtype: tensor.dtype,
      shape: shape)
  }
}

extension Tensor {
  /// The elements of one row along the first dimension.
  var rowWidth: Int { shape.product(1..<max(shape.rank, 1)) }

  /// The rows `range` of the first dimension.
  func rows(_ range: Range<Int>) -> Tensor {
    RowCopy.gather(
      self, rows: range, width: rowWidth,
      shape: Shape([range.count] + shape.dimensions.dropFirst()))
  }

  /// A vector of integers as int32 or int64.
  init(splits: [Int], dtype: DType) {
    if dtype == .int32 {
      self.init(splits.map { Int32(truncatingIfNeeded: $0) })
    } else {
      self.init(splits.map { Int64($0) })
    }
  }

  /// The sum of all elements of `other` and this tensor, which has the same dtype and shape.
  func sum(with other: Tensor) throws -> Tensor {
    let out = copy()
    try out.accumulate(other.pointer, count: count)
    return out
  }

  /// Adds `count` elements to the first ones of this tensor: only for the maker of the tensor.
  func accumulate(_ elements: UnsafeRawPointer, count: Int) throws {
    guard let add = bnk_binary(BNK_BINARY_ADD, bnk_dtype(UInt32(dtype.rawValue))) else {
      throw BNormError.unsupported("adding tensors of dtype \(dtype.name)")
    }
    add(storage.pointer, 1, elements, 1, storage.pointer, count, nil)
  }
}
