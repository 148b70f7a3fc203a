import BNormCore
import BNormTensor
import CBNormKernels

/// The largest sum of a pixel and the filter's tap over it, and the gradients.
///
/// Inputs: images, filter [height, width, channels] [, gradient of the output].
struct Dilation2D: PlannedOperation {
  static let opNames = ["Dilation2D", "Dilation2DBackpropInput", "Dilation2DBackpropFilter"]
  private enum Form { case forward, input, filter }
  private let form: Form
  private let strides: [Int]
  private let rates: [Int]
  private let padding: Padding

  init(_ node: NodeContext) throws {
    form =
      node.op == "Dilation2D" ? .forward : node.op.hasSuffix("Input") ? .input : .filter
    strides = try node.spatialWindow("strides", rank: 4, layout: .channelsLast)
    rates = try node.spatialWindow("rates", rank: 4, layout: .channelsLast)
    padding = try Padding(node, rank: 4, layout: .channelsLast)
  }

  private func output(_ input: [Int], _ filter: [Int]) throws -> [Int] {
    guard input[3] < 0 || filter[2] < 0 || input[3] == filter[2] else {
      throw BNormError.invalid(
        "input 1 (filter) has shape \(Shape.text(filter)), but input 0 has \(input[3]) channels")
    }
    let sizes = try (0..<2).map {
      try padding.output(
        $0, input: input[1 + $0], kernel: filter[$0], stride: strides[$0], dilation: rates[$0])
    }
    return [input[0], sizes[0], sizes[1], max(input[3], filter[2])]
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(4, "input 0 (input)")
    try inputs[1].shape.requireRank(3, "input 1 (filter)")
    let expected = try output(
      inputs[0].shape.dimensions ?? [-1, -1, -1, -1], inputs[1].shape.dimensions ?? [-1, -1, -1])
    guard form != .forward else { return [PartialShape(expected)] }
    try inputs[2].shape.requireRank(4, "input 2 (out_backprop)")
    guard inputs[2].shape.merged(PartialShape(expected)) != nil else {
      throw BNormError.invalid(
        "input 2 (out_backprop) has shape \(inputs[2].shape), expected \(Shape.text(expected))")
    }
    return [form == .input ? inputs[0].shape : inputs[1].shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let input = context.inputShape(0).dimensions
    let filter = context.inputShape(1).dimensions
    let out = try output(input, filter)
    var window = ConvWindow()
    window.batch = input[0]
    window.channels = input[3]
    for d in 0..<2 {
      window.input[1 + d] = input[1 + d]
      window.output[1 + d] = out[1 + d]
      window.kernel[1 + d] = filter[d]
      window.stride[1 + d] = strides[d]
      window.dilation[1 + d] = rates[d]
      window.pad[1 + d] = try padding.resolve(
        d, input: input[1 + d], kernel: filter[d], stride: strides[d], dilation: rates[d]
      ).before
    }
    let sizes = window
    let dtype = bnk_dtype(rawValue: UInt32(context.inputDType(0).rawValue))
    let form = form
    return .run { io in
      sizes.withC { w in
        switch form {
        case .forward: bnk_nn_dilation(dtype, w, io.input(0), io.input(1), io.output(0))
        case .input:
          bnk_nn_dilation_input(dtype, w, io.input(0), io.input(1), io.input(2), io.output(0))
        case .filter:
          bnk_nn_dilation_filter(dtype, w, io.input(0), io.input(1), io.input(2), io.output(0))
        }
      }
    }
  }
}
