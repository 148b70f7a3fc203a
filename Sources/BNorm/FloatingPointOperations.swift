import BNormCore
import BNormTensor

/// Counts multiplications and additions of the ops that do most of a network's work. Unknown
/// dimensions, such as the batch, count as 1.
enum FloatingPointOperations {
  static func count(_ node: Node, inputs: [Fact], outputs: [Fact]) -> Int {
    guard let output = outputs.first.flatMap({ elements($0.shape) }) else { return 0 }
    switch node.op {
    case "Conv2D", "Conv3D", "_FusedConv2D", "Conv":
      guard let filter = inputs.dropFirst().first?.shape.dimensions, let channels = filter.last,
        channels > 0
      else { return 0 }
      return saturating([2, output, filter.map { max($0, 1) }.reduce(1, &*) / channels])
    case "DepthwiseConv2dNative", "_FusedDepthwiseConv2dNative":
      guard let filter = inputs.dropFirst().first?.shape.dimensions, filter.count == 4 else { return 0 }
      return saturating([2, output, max(filter[0], 1), max(filter[1], 1)])
    case "MatMul", "_FusedMatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3":
      guard let a = inputs.first?.shape.dimensions, a.count >= 2 else { return 0 }
      let key = node.op.hasPrefix("Batch") ? "adj_x" : "transpose_a"
      let transposed = node.attributes[key]?.asBool ?? false
      return saturating([2, output, max(a[a.count - (transposed ? 2 : 1)], 1)])
    default:
      guard outputs[0].dtype.isFloating, inputs.contains(where: { elements($0.shape) != nil }),
        !movesOnly.contains(node.op)
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
