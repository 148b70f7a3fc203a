import BNormCore
import BNormTensor

/// Strides, dilations and padding of a convolution with two or three spatial dimensions.
struct ConvGeometry: Sendable {
  var layout: Layout
  var strides: [Int]
  var dilations: [Int]
  var padding: Padding
  /// Dimensions of input and output before the height (2-D) or depth (3-D).
  var batchDimensions = 1

  var spatialRank: Int { strides.count }

  /// Reads the attributes of a convolution of tensors with `rank` dimensions.
  init(_ node: NodeContext, rank: Int) throws {
    layout = try Layout(node.optional("data_format") == nil ? "NHWC" : node.string("data_format"))
    strides = try node.spatialWindow("strides", rank: rank, layout: layout)
    let hasDilations = try node.optional("dilations") != nil && !node.ints("dilations").isEmpty
    dilations =
      hasDilations
      ? try node.spatialWindow("dilations", rank: rank, layout: layout)
      : [Int](repeating: 1, count: rank - 2)
    padding = try Padding(node, rank: rank, layout: layout)
  }

  init(strides: [Int], padding: Padding) {
    layout = .channelsLast
    self.strides = strides
    dilations = [Int](repeating: 1, count: strides.count)
    self.padding = padding
  }

  /// The output's shape for shapes of input and filter with channels last, checked against each
  /// other; -1 is unknown.
  func output(
    input: [Int], filter: [Int], depthwise: Bool = false, what: String = "input 0"
  ) throws -> [Int] {
    let rank = spatialRank + 2
    let channels = input[input.count - 1]
    let (filterIn, filterOut) = (filter[rank - 2], filter[rank - 1])
    if channels >= 0, filterIn >= 0 {
      if depthwise {
        guard channels == filterIn else { throw mismatch(filter, what, channels) }
      } else {
        guard filterIn > 0 || channels == 0, filterIn == 0 || channels % filterIn == 0 else {
          throw mismatch(filter, what, channels)
        }
        let groups = filterIn == 0 ? 1 : channels / filterIn
        guard filterOut < 0 || groups == 0 || filterOut % groups == 0 else {
          throw BNormError.invalid(
            "input 1 (filter) has shape \(Shape.text(filter)), whose \(filterOut) outputs do not "
              + "divide into the \(groups) groups that \(channels) channels of \(what) make")
        }
      }
    }
    var out = Array(input[0..<batchDimensions])
    for d in 0..<spatialRank {
      out.append(
        try padding.output(
          d, input: input[batchDimensions + d], kernel: filter[d], stride: strides[d],
          dilation: dilations[d]))
    }
    let outputs = depthwise ? (filterIn < 0 || filterOut < 0 ? -1 : filterIn * filterOut) : filterOut
    return out + [outputs]
  }

  private func mismatch(_ filter: [Int], _ what: String, _ channels: Int) -> BNormError {
    .invalid(
      "input 1 (filter) has shape \(Shape.text(filter)), but \(what) has \(channels) channels")
  }

  /// The sizes with all that follows from them; shapes with channels last. Three-dimensional
  /// convolution (not its gradient) centers its windows.
  func window(
    input: [Int], filter: [Int], depthwise: Bool = false, isGradient: Bool = false
  ) throws -> ConvWindow {
    _ = try output(input: input, filter: filter, depthwise: depthwise)
    guard isGradient || !filter.contains(0) else {
      throw BNormError.invalid("input 1 (filter) has shape \(Shape.text(filter)), which is empty")
    }
    let rank = spatialRank
    let missing = 3 - rank
    var window = ConvWindow()
    window.batch = input[0..<batchDimensions].reduce(1, *)
    window.channels = input[input.count - 1]
    window.filterChannels = filter[rank]
    window.outputs = filter[rank + 1]
    window.groups =
      depthwise || window.filterChannels == 0 ? 1 : window.channels / window.filterChannels
    for d in 0..<rank {
      let (output, before) = try padding.resolve(
        d, input: input[batchDimensions + d], kernel: filter[d], stride: strides[d],
        dilation: dilations[d], centers: rank == 3 && !isGradient)
      window.input[missing + d] = input[batchDimensions + d]
      window.output[missing + d] = output
      window.kernel[missing + d] = filter[d]
      window.stride[missing + d] = strides[d]
      window.dilation[missing + d] = dilations[d]
      window.pad[missing + d] = before
    }
    return window
  }
}

/// All sizes of a convolution, with three spatial dimensions (missing ones are 1).
struct ConvWindow: Sendable {
  var batch = 0
  var channels = 0
  /// Channels of the input that an output reads: all of them divided by `groups`.
  var filterChannels = 0
  var outputs = 0
  var groups = 1
  var input = [1, 1, 1]
  var output = [1, 1, 1]
  var kernel = [1, 1, 1]
  var stride = [1, 1, 1]
  var dilation = [1, 1, 1]
  var pad = [0, 0, 0]

  var inputPixels: Int { input.reduce(1, *) }
  var outputPixels: Int { output.reduce(1, *) }
  var taps: Int { kernel.reduce(1, *) }
  var groupOutputs: Int { groups == 0 ? 0 : outputs / groups }
  /// Each output pixel reads exactly one input pixel, in order.
  var isPointwise: Bool {
    kernel == [1, 1, 1] && stride == [1, 1, 1] && pad == [0, 0, 0] && input == output
  }
}

extension Shape {
  /// Dimensions as messages write them.
  static func text(_ dimensions: [Int]) -> String { PartialShape(dimensions).description }
}
