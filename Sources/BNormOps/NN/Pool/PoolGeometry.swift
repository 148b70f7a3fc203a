import BNormCore
import BNormTensor
import CBNormKernels

/// Window, strides and padding of a pooling op with two or three spatial dimensions.
struct PoolGeometry: Sendable {
  var layout: Layout
  /// With an entry for batch and channels each, channels last.
  var window: [Int]
  var strides: [Int]
  var padding: Padding

  var rank: Int { window.count }
  var spatialRank: Int { window.count - 2 }

  /// Reads `ksize`, `strides`, `padding` and `data_format`.
  init(_ node: NodeContext, rank: Int) throws {
    layout = try PoolGeometry.layout(node)
    window = try node.window("ksize", rank: rank, layout: layout)
    strides = try node.window("strides", rank: rank, layout: layout)
    padding = try Padding(node, rank: rank, layout: layout)
    try check()
  }

  /// For ops whose window and strides are inputs.
  init(layout: Layout, padding: Padding, window: [Int], strides: [Int]) throws {
    guard window.count == 4, strides.count == 4 else {
      throw BNormError.invalid(
        "ksize \(window) and strides \(strides) must have 4 elements each")
    }
    self.layout = layout
    self.padding = padding
    self.window = try NodeContext.checkWindow(layout.toLast(window), "ksize")
    self.strides = try NodeContext.checkWindow(layout.toLast(strides), "strides")
    try check()
  }

  static func layout(_ node: NodeContext) throws -> Layout {
    try Layout(node.optional("data_format") == nil ? "NHWC" : node.string("data_format"))
  }

  /// The window runs over the channels instead of the pixels.
  var isDepthwise: Bool { window[rank - 1] > 1 }

  private func check() throws {
    guard window[0] == 1, strides[0] == 1 else {
      throw BNormError.unsupported("pooling over the batch: ksize \(window), strides \(strides)")
    }
    if case .explicit(let pairs) = padding {
      for (d, pair) in pairs.enumerated() {
        guard pair.before < window[1 + d], pair.after < window[1 + d] else {
          throw BNormError.invalid(
            "explicit_paddings \(pair.before), \(pair.after) are not smaller than the window "
              + "\(window[1 + d])")
        }
      }
    }
  }

  /// Throws if the window runs over channels.
  func requireSpatial() throws {
    guard !isDepthwise, strides[rank - 1] == 1 else {
      throw BNormError.unsupported("pooling over the channels: ksize \(window), strides \(strides)")
    }
  }

  /// The output's shape for an input's, both with channels last; -1 is unknown.
  func output(_ input: [Int]) throws -> [Int] {
    guard input.count == rank else {
      throw BNormError.invalid("input 0 has shape \(Shape.text(input)), expected rank \(rank)")
    }
    var out = input
    for d in 0..<spatialRank {
      out[1 + d] = try padding.output(
        d, input: input[1 + d], kernel: window[1 + d], stride: strides[1 + d])
    }
    if isDepthwise {
      guard window[1..<(rank - 1)].allSatisfy({ $0 == 1 }) else {
        throw BNormError.unsupported("pooling over channels and pixels at once: ksize \(window)")
      }
      guard strides[rank - 1] == window[rank - 1] else {
        throw BNormError.unsupported(
          "pooling over channels with ksize \(window) and other strides \(strides)")
      }
      if input[rank - 1] >= 0 {
        guard input[rank - 1] % window[rank - 1] == 0 else {
          throw BNormError.unsupported(
            "a window of \(window[rank - 1]) channels does not divide the \(input[rank - 1]) "
              + "channels of input 0")
        }
        out[rank - 1] = input[rank - 1] / window[rank - 1]
      }
    } else if strides[rank - 1] != 1 {
      throw BNormError.unsupported("pooling over the channels: ksize \(window), strides \(strides)")
    }
    return out
  }

  func infer(_ input: PartialShape) throws -> PartialShape {
    guard let dimensions = layout.toLast(input).dimensions else { return .unknown(rank: rank) }
    return layout.fromLast(PartialShape(try output(dimensions)))
  }

  /// The sizes with what follows from them, for an input with channels last. Pooling over channels
  /// is pooling over the width of images with one channel. Three-dimensional pooling (not its
  /// gradient) centers its windows.
  func convWindow(_ input: [Int], isGradient: Bool = false) throws -> ConvWindow {
    let out = try output(input)
    var result = ConvWindow()
    if isDepthwise {
      let pixels = input[0..<(rank - 1)].reduce(1, *)
      result.batch = pixels
      result.channels = 1
      result.input[2] = input[rank - 1]
      result.output[2] = out[rank - 1]
      result.kernel[2] = window[rank - 1]
      result.stride[2] = strides[rank - 1]
      return result
    }
    result.batch = input[0]
    result.channels = input[rank - 1]
    let missing = 3 - spatialRank
    for d in 0..<spatialRank {
      let (output, before) = try padding.resolve(
        d, input: input[1 + d], kernel: window[1 + d], stride: strides[1 + d],
        centers: spatialRank == 3 && !isGradient)
      result.input[missing + d] = input[1 + d]
      result.output[missing + d] = output
      result.kernel[missing + d] = window[1 + d]
      result.stride[missing + d] = strides[1 + d]
      result.pad[missing + d] = before
    }
    return result
  }
}

extension ConvWindow {
  /// The sizes as the float pooling kernels take them, if there are two spatial dimensions.
  var pool2d: bnk_pool2d_shape? {
    guard kernel[0] == 1, input[0] == 1, output[0] == 1, stride[0] == 1, pad[0] == 0, channels > 0,
      batch * outputPixels > 0
    else { return nil }
    func after(_ d: Int) -> Int {
      max(0, (output[d] - 1) * stride[d] + kernel[d] - input[d] - pad[d])
    }
    var shape = bnk_pool2d_shape()
    shape.batch = batch
    (shape.height, shape.width, shape.channels) = (input[1], input[2], channels)
    (shape.kernel_height, shape.kernel_width) = (kernel[1], kernel[2])
    (shape.stride_height, shape.stride_width) = (stride[1], stride[2])
    (shape.pad_top, shape.pad_left) = (pad[1], pad[2])
    (shape.pad_bottom, shape.pad_right) = (after(1), after(2))
    (shape.input_pixel_stride, shape.output_pixel_stride) = (channels, channels)
    return shape
  }
}
