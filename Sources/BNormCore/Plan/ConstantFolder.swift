import BNormTensor

/// Runs ops whose inputs are all constant while a plan is made.
struct ConstantFolder: Sendable {
  let runner: OneShotRunner
  /// Results of more bytes than this are left to the run.
  static let maximumBytes = 64 << 20

  /// The outputs, or nil when the op is not to be folded.
  func fold(
    _ operation: any Operation, _ name: String, _ inputs: [Fact], _ outputs: [Fact]
  ) throws -> [Tensor]? {
    guard !(operation is any UnfoldableOperation), !outputs.isEmpty else { return nil }
    for output in outputs {
      guard output.dtype != .resource, output.dtype != .variant else { return nil }
    }
    // Shapes that follow from shapes alone need no values.
    if let source = operation as? any ShapeOnlyOperation,
      let tensors = source.foldShapes(inputs)
    {
      return tensors
    }
    var tensors: [Tensor] = []
    for input in inputs {
      guard let value = input.value else { return nil }
      tensors.append(value)
    }
    for output in outputs {
      if let shape = output.shape.full {
        guard shape.count * max(output.dtype.size, 1) <= ConstantFolder.maximumBytes else { return nil }
      }
    }
    return try runner.run(operation, name: name, tensors, dtypes: outputs.map(\.dtype))
  }
}

/// An op whose outputs follow from the inputs' shapes: Shape, Size, Rank.
public protocol ShapeOnlyOperation: Operation {
  /// The outputs, when the needed shapes are known.
  func foldShapes(_ inputs: [Fact]) -> [Tensor]?
}
