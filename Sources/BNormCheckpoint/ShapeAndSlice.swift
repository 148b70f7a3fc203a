import BNormTensor

/// The text by which save and restore ops name a part of a tensor: the whole tensor's dimensions
/// and a slice, e.g. `10 20 0,5:-`. Empty for the whole tensor.
public struct ShapeAndSlice: Sendable {
  public let shape: Shape
  public let slice: TensorSlice

  /// nil for the empty text.
  public init?(_ text: String) throws {
    guard !text.isEmpty else { return nil }
    let parts = text.split(separator: " ")
    let dimensions = parts.dropLast().map { Int($0) }
    guard let last = parts.last, dimensions.allSatisfy({ $0 != nil }) else {
      throw BNormError.invalid("\"\(text)\" is no shape and slice")
    }
    shape = try Shape(checking: dimensions.compactMap { $0 })
    slice = try TensorSlice(last)
    _ = try slice.box(in: shape)
  }
}
