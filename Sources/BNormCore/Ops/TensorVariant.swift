import BNormTensor

/// A variant that holds a tensor.
public final class TensorVariant: TensorObject {
  public let tensor: Tensor
  public init(_ tensor: Tensor) { self.tensor = tensor }
  public var typeName: String { "Tensor" }
}
