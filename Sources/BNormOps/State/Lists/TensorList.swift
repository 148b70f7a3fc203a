import BNormCore
import BNormTensor

/// A list of tensors as a variant holds it. A value: who changes it changes a copy, unless nobody
/// else holds it.
final class TensorList: TensorObject, @unchecked Sendable {
  let dtype: DType
  /// What the shape of every element fits.
  var elementShape: PartialShape
  /// nil for an element that nobody has set.
  var tensors: [Tensor?]
  /// The length that pushing does not exceed; -1 for none.
  let maximumCount: Int

  /// Throws unless a list of `count` elements fits the memory.
  static func checkRoom(_ count: Int) throws {
    guard count <= 1 << 31 else {
      throw BNormError.invalid("a list of \(count) elements is too long")
    }
    try MemoryLimit.check(bytes: count * MemoryLayout<Tensor?>.stride)
  }

  init(
    dtype: DType, elementShape: PartialShape, tensors: [Tensor?] = [], maximumCount: Int = -1
  ) {
    self.dtype = dtype
    self.elementShape = elementShape
    self.tensors = tensors
    self.maximumCount = maximumCount
  }

  var typeName: String { "TensorList" }
  var count: Int { tensors.count }

  func copy() -> TensorList {
    TensorList(
      dtype: dtype, elementShape: elementShape, tensors: tensors, maximumCount: maximumCount)
  }

  var tensor: Tensor { Tensor(scalar: self, dtype: .variant) }

  // MARK: Checks

  func require(_ dtype: DType) throws {
    guard dtype == self.dtype else {
      throw BNormError.invalid(
        "Invalid data types; op elements \(dtype.name) but list elements \(self.dtype.name)")
    }
  }

  func require(index: Int) throws {
    guard tensors.indices.contains(index) else {
      throw BNormError.invalid(
        "Trying to access element \(index) in a list with \(count) elements.")
    }
  }

  /// The list's element shape and `shape` together.
  func merged(_ shape: PartialShape) throws -> PartialShape {
    guard let merged = elementShape.merged(shape) else {
      throw BNormError.invalid(
        "the given element shape \(shape) does not fit the list's element shape \(elementShape)")
    }
    return merged
  }

  func push(_ tensor: Tensor) throws {
    guard elementShape.accepts(tensor.shape) else {
      throw BNormError.invalid(
        "Tried to append a tensor with incompatible shape to a list. Op element shape: "
          + "\(tensor.shape) list shape: \(elementShape)")
    }
    guard maximumCount < 0 || count < maximumCount else {
      throw BNormError.invalid(
        "Tried to push item into a full list list size: \(count) max_num_elements: \(maximumCount)")
    }
    tensors.append(tensor.owned)
  }

  /// The shape of all elements, as `shape` and what is set say; nil when that is not enough.
  func fullShape(_ shape: PartialShape) throws -> Shape? {
    var merged = try merged(shape)
    if let full = merged.full { return full }
    for case let tensor? in tensors {
      guard let next = merged.merged(PartialShape(tensor.shape)) else {
        throw BNormError.invalid(
          "an element has shape \(tensor.shape), but others or the op have \(merged)")
      }
      merged = next
    }
    return merged.full
  }
}

/// An object in a variant that ops change as if it were a value.
protocol CopyableObject: TensorObject {
  func copy() -> Self
}

extension TensorList: CopyableObject {}

extension Array where Element == Tensor {
  /// The object of input `i` to be changed: itself when nobody else holds it, else a copy.
  mutating func take<T: CopyableObject>(_ i: Int, _ type: T.Type = T.self, _ name: String) throws -> T {
    var object = try object(i, type, name)
    var storage = self[i].storage
    self[i] = Tensor(dtype: .bool, shape: [0])
    guard isKnownUniquelyReferenced(&storage) else { return object.copy() }
    storage.objects = []
    return isKnownUniquelyReferenced(&object) ? object : object.copy()
  }
}
