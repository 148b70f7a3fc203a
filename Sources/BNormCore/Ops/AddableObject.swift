import BNormTensor

/// An object in a variant that gradients can be summed of.
public protocol AddableObject: TensorObject {
  /// An object of the same form whose tensors are zeros.
  func zeros() throws -> any TensorObject
  /// The sum of this object and another one of its form.
  func sum(with other: any TensorObject) throws -> any TensorObject
}
