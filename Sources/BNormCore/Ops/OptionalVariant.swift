import BNormTensor

/// A variant that may hold tensors.
public final class OptionalVariant: TensorObject {
  public let components: [Tensor]?
  public init(_ components: [Tensor]?) { self.components = components }
  public var typeName: String { "Optional" }
}
