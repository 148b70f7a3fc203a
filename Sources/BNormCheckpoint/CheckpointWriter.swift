import BNormTensor

/// Writes the tensors of a checkpoint.
public protocol CheckpointWriter {
  /// Adds a whole tensor.
  func add(_ name: String, _ tensor: Tensor) throws
  /// Adds a part of a tensor of shape `shape`.
  func add(_ name: String, _ tensor: Tensor, slice: TensorSlice, of shape: Shape) throws
  /// Makes the files appear.
  func finish() throws
}
