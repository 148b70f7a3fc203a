import BNormTensor

/// A queue that readers take the names of files from.
public protocol StringQueue: TensorObject {
  /// Takes the next element, one string.
  func takeString() throws -> ByteString
}
