import BNormCore
import BNormTensor

/// The gradients of convolutions, depthwise ones included.
///
/// One input stands for the shape that the result has: a tensor of sizes, or a tensor of that shape.
struct ConvolutionBackprop: PlannedOperation {
  static let opNames = [
    "Conv2DBackpropInput", "Conv2DBackpropInputV2", "Conv2DBackpropFilter",
    "Conv2DBackpropFilterV2", "Conv3DBackpropInput", "Conv3DBackpropInputV2",
    "Conv3DBackpropFilter", "Conv3DBackpropFilterV2", "DepthwiseConv2dNativeBackpropInput",
    "DepthwiseConv2dNativeBackpropFilter",
  ]
  let geometry: ConvGeometry
  let isInput: Bool
  let isDepthwise: Bool
  /// The input that stands for the result's shape gives its sizes as numbers.
  let sizesAreValues: Bool

  init(_ node: NodeContext) throws {
    let is3D = node.op.hasPrefix("Conv3D")
    isInput = node.op.contains("BackpropInput")
    isDepthwise = node.op.hasPrefix("Depthwise")
    sizesAreValues = is3D ? node.op.hasSuffix("V2") : !node.op.hasSuffix("V2")
    geometry = try ConvGeometry(node, rank: is3D ? 5 : 4)
    if isDepthwise { try DepthwiseConvolution.check(geometry) }
  }

  /// The number of the input that stands for the result's shape.
  private var shapeInput: Int { isInput ? 0 : 1 }
  /// The number of the other input.
  private var otherInput: Int { isInput ? 1 : 0 }
  private var rank: Int { geometry.spatialRank + 2 }

  var valueInputs: [Int] { sizesAreValues ? [shapeInput] : [] }

  /// The shape of the result as the graph has it; nil dimensions where it is not known.
  private func resultShape(_ inputs: [Fact]) throws -> [Int]? {
    let fact = inputs[shapeInput]
    let name = isInput ? "input 0 (input_sizes)" : "input 1 (filter_sizes)"
    guard sizesAreValues else {
      try fact.shape.requireRank(rank, "input \(shapeInput)")
      return fact.shape.dimensions
    }
    try fact.shape.requireRank(1, name)
    guard var sizes = fact.integers else { return nil }
    if isInput, sizes.count == rank - 2, rank == 4, let gradient = inputs[2].shape.dimensions,
      let filter = inputs[1].shape.dimensions
    {
      // Height and width alone: batch and channels follow from the other inputs.
      let channels = filter[2]
      sizes = geometry.layout.fromLast([gradient[0]] + sizes + [channels])
      return sizes
    }
    guard sizes.count == rank else {
      throw BNormError.invalid("\(name) is \(sizes), expected \(rank) elements")
    }
    return try Shape(checking: sizes).dimensions
  }

  /// Shapes of images and filter with channels last, as far as they are known.
  private func shapes(_ inputs: [Fact]) throws -> (images: [Int]?, filter: [Int]?) {
    let result = try resultShape(inputs)
    try inputs[otherInput].shape.requireRank(rank, "input \(otherInput)")
    try inputs[2].shape.requireRank(rank, "input 2 (out_backprop)")
    let other = inputs[otherInput].shape.dimensions
    return isInput
      ? (result.map(geometry.layout.toLast), other) : (other.map(geometry.layout.toLast), result)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let (images, filter) = try shapes(inputs)
    let result = isInput ? images.map { geometry.layout.fromLast($0) } : filter
    guard let images, let filter else { return [result.map { PartialShape($0) } ?? .unknown(rank: rank)] }
    let expected = try geometry.output(
      input: images, filter: filter, depthwise: isDepthwise,
      what: isInput ? "the result" : "input 0")
    let gradient = geometry.layout.toLast(inputs[2].shape)
    guard gradient.merged(PartialShape(expected)) != nil else {
      throw BNormError.invalid(
        "input 2 (out_backprop) has shape \(inputs[2].shape), but images of shape "
          + "\(Shape.text(geometry.layout.fromLast(images))) and a filter of shape "
          + "\(Shape.text(filter)) give \(geometry.layout.fromLast(PartialShape(expected)))")
    }
    return [PartialShape(result)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let (images, filter) = try shapes(context.inputs)
    guard let images, let filter else {
      throw BNormError.invalid("the shapes of images and filter are not known")
    }
    let window = try geometry.window(
      input: images, filter: filter, depthwise: isDepthwise, isGradient: true)
    let layoutInputs = isInput ? [2] : [0, 2]
    return try geometry.layout.lower(
      context, inputs: layoutInputs, outputs: isInput ? [0] : []
    ) { context in
      try HalfBridge.lower(context) { context in
        let dtype = context.inputDType(2)
        if isDepthwise { return depthwise(window, dtype) }
        guard isInput else {
          return try ConvFilterGradient(window: window, imagesInput: 0, gradientInput: 2)
            .kernel(dtype)
        }
        return try dtype.visitGemm(
          ConvInputGradient(window: window, filterInput: 1, gradientInput: 2))
      }
    }
  }
}
