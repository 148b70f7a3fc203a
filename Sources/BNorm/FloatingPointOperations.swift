import BNormCore
import BNormTensor

/// Counts multiplications and additions of the ops that do most of a network's work. Unknown
/// dimensions, such as the batch, count as 1.
enum FloatingPointOperations {
  static func count(_ node: Node, inputs: [Fact], outputs: [Fact]) -> Int {
    guard let output = outputs.first else { return 0 }
    return count(
      node.op, inputs: inputs.map(\.shape), output: output.shape,
      isFloating: output.dtype.isFloating)
  }

  static func count(
    _ op: String, inputs: [PartialShape], output shape: PartialShape, isFloating: Bool
  ) -> Int {
    guard let output = elements(shape) else { return 0 }
    switch op {
    case "Conv2D", "Conv3D", "_FusedConv2D", "Conv":
      guard let filter = inputs.dropFirst().first?.dimensions, let channels = filter.last,
        channels > 0
      else { return 0 }
      return saturating([2, output, filter.map { max($0, 1) }.reduce(1, &*) / channels])
    case "DepthwiseConv2dNative", "_FusedDepthwiseConv2dNative":
      guard let filter = inputs.dropFirst().first?.dimensions, filter.count == 4 else { return 0 }
      return saturating([2, output, max(filter[0], 1), max(filter[1], 1)])
    case "MatMul", "_FusedMatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3":
      // The rows of the product are one of the first matrix's sides, whether or not transposed.
      guard let a = inputs.first?.dimensions, a.count >= 2, let rows = shape.dimensions?.dropLast().last
      else { return 0 }
      let sides = (max(a[a.count - 2], 1), max(a[a.count - 1], 1))
      return saturating([2, output, max(rows, 1) == sides.0 ? sides.1 : sides.0])
    default:
      guard isFloating, inputs.contains(where: { elements($0) != nil }), !movesOnly.contains(op)
      else { return 0 }
      return output
    }
  }

  /// Ops that compute nothing.
  private static let movesOnly: Set<String> = [
    "Const", "Identity", "Placeholder", "PlaceholderWithDefault", "Reshape", "Squeeze",
    "ExpandDims", "Transpose", "ConcatV2", "Pack", "Unpack", "Split", "SplitV", "Slice",
    "StridedSlice", "GatherV2", "GatherNd", "Pad", "PadV2", "MirrorPad", "Tile", "NoOp",
    "StopGradient", "ReadVariableOp", "Switch", "Merge", "Enter", "Exit", "Fill", "BroadcastTo",
  ]

  private static func elements(_ shape: PartialShape) -> Int? {
    shape.dimensions.map { saturating($0.map { $0 < 0 ? 1 : $0 }) }
  }

  private static func saturating(_ factors: [Int]) -> Int {
    factors.reduce(1) { a, b in
      let (product, overflow) = a.multipliedReportingOverflow(by: b)
      return overflow ? .max : product
    }
  }
}

extension Profile.Entry {
  /// Multiplications and additions of the step, 0 where they are not known.
  public var floatingPointOperations: Int {
    guard let output = outputShapes.first, let dtype = outputDTypes.first else { return 0 }
    return FloatingPointOperations.count(
      op, inputs: inputShapes.map { PartialShape($0) }, output: PartialShape(output),
      isFloating: dtype.isFloating)
  }
}
