import BNormCore
import BNormTensor

extension TensorList: AddableObject {
  /// A list of zeros; elements that nobody set stay so.
  func zeros() throws -> any TensorObject {
    let zeros = try tensors.map { tensor -> Tensor? in try tensor?.zeros() }
    return TensorList(
      dtype: dtype, elementShape: elementShape, tensors: zeros, maximumCount: maximumCount)
  }

  /// Sums of elements; one that nobody set counts as zeros.
  func sum(with other: any TensorObject) throws -> any TensorObject {
    guard let other = other as? TensorList, other.dtype == dtype, other.count == count else {
      throw BNormError.invalid(
        "Trying to add two lists of tensors with different lengths or dtypes: \(count) elements of "
          + "\(dtype.name) and a \(other.typeName)")
    }
    guard let shape = elementShape.merged(other.elementShape) else {
      throw BNormError.invalid(
        "Trying to add two lists of tensors with incompatible element shapes: \(elementShape) and "
          + "\(other.elementShape)")
    }
    let sums = try zip(tensors, other.tensors).map { a, b in try Tensor?.sum(a, b) }
    return TensorList(dtype: dtype, elementShape: shape, tensors: sums)
  }
}

extension OptionalVariant: AddableObject {
  public func zeros() throws -> any TensorObject {
    OptionalVariant(try components?.map { try $0.zeros() })
  }

  public func sum(with other: any TensorObject) throws -> any TensorObject {
    guard let other = other as? OptionalVariant, (components == nil) == (other.components == nil),
      components?.count == other.components?.count
    else {
      throw BNormError.invalid("Trying to add optionals of which only one has values")
    }
    guard let a = components, let b = other.components else { return OptionalVariant(nil) }
    return OptionalVariant(try zip(a, b).map { try Tensor?.sum($0, $1)! })
  }
}

extension Tensor {
  /// Zeros of this tensor's dtype and shape; of each object in a variant, its own zeros.
  func zeros() throws -> Tensor {
    guard dtype == .variant else { return Tensor(zeros: dtype, shape: shape) }
    let zeros = try objects.map { object -> (any TensorObject)? in
      guard let object else { return nil }
      guard let addable = object as? any AddableObject else {
        throw BNormError.unsupported("zeros of a \(object.typeName)")
      }
      return try addable.zeros()
    }
    return Tensor(objects: zeros, dtype: dtype, shape: shape)
  }
}

extension Optional where Wrapped == Tensor {
  fileprivate static func sum(_ a: Tensor?, _ b: Tensor?) throws -> Tensor? {
    guard let a else { return b }
    guard let b else { return a }
    guard a.dtype == b.dtype, a.shape == b.shape else {
      throw BNormError.invalid(
        "Trying to add tensors of shapes \(a.shape) and \(b.shape) of two lists")
    }
    guard a.dtype == .variant else {
      let out = a.copy()
      try out.add(b)
      return out
    }
    let sums = try zip(a.objects, b.objects).map { x, y -> (any TensorObject)? in
      guard let x else { return y }
      guard let y else { return x }
      guard let addable = x as? any AddableObject else {
        throw BNormError.unsupported("the sum of a \(x.typeName)")
      }
      return try addable.sum(with: y)
    }
    return Tensor(objects: sums, dtype: .variant, shape: a.shape)
  }
}
