import BNormCore
import BNormTensor
import CBNormKernels

/// Padding of a window along one dimension.
struct WindowSpan {
  let output: Int
  let before: Int

  init(_ size: Int, window: Int, stride: Int, isSame: Bool) throws {
    guard size >= window || isSame else {
      throw BNormError.invalid("a window of \(window) does not fit into \(size) without padding")
    }
    output = isSame ? (size + stride - 1) / stride : (size - window + stride) / stride
    before = isSame ? max((output - 1) * stride + window - size, 0) / 2 : 0
  }
}

/// Convolutions of images of bytes, as int32. With a filter of qint8 TensorFlow leaves the work to
/// oneDNN, which takes the bytes as they are; with one of quint8 it subtracts what stands for 0.
struct QuantizedConvolution: PlannedOperation {
  static let opNames = ["QuantizedConv2D"]
  private let strides: [Int]
  private let dilations: [Int]
  private let isSame: Bool
  private let isRaw: Bool

  init(_ node: NodeContext) throws {
    isRaw = node.inputDTypes[1] == .qint8
    strides = try QuantizedConvolution.sizes(node, "strides")
    dilations = try QuantizedConvolution.sizes(node, "dilations")
    guard isRaw || strides[0] == strides[1] && dilations == [1, 1] else {
      throw BNormError.unsupported(
        "strides \(strides) and dilations \(dilations) with a filter of quint8")
    }
    isSame = try node.string("padding") == "SAME"
  }

  /// Numbers for height and width.
  private static func sizes(_ node: NodeContext, _ key: String) throws -> [Int] {
    let values = try node.ints(key)
    guard values.count == 4, values[0] == 1, values[3] == 1,
      values.allSatisfy({ $0 > 0 && $0 < 1 << 31 })
    else {
      throw BNormError.invalid(
        "attribute \(key) is \(values), expected four of which the first and the last are 1")
    }
    return Array(values[1...2])
  }

  private func span(_ size: Int, _ window: Int, _ i: Int) throws -> WindowSpan {
    try WindowSpan(
      size, window: (window - 1) * dilations[i] + 1, stride: strides[i], isSame: isSame)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try requireScalars(inputs, 2..<6)
    let (x, filter) = (inputs[0].shape, inputs[1].shape)
    try x.requireRank(4, "input 0")
    try filter.requireRank(4, "input 1 (filter)")
    if let depth = x[3], let expected = filter[2], depth != expected {
      throw BNormError.invalid(
        "input 1 (filter) has shape \(filter), but input 0 has \(depth) channels")
    }
    var out = [x[0] ?? -1, -1, -1, filter[3] ?? -1]
    for i in 0..<2 {
      guard let size = x[i + 1], let window = filter[i], window > 0, window < 1 << 31 else {
        continue
      }
      out[i + 1] = try span(size, window, i).output
    }
    return [PartialShape(out), .scalar, .scalar]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let (x, filter) = (context.inputShape(0), context.inputShape(1))
    let out = context.outputShape(0)
    guard out.count > 0, filter.count > 0 else {
      throw BNormError.invalid(
        "input 0 has shape \(x) and input 1 (filter) has \(filter): the output \(out) is empty")
    }
    let (dtype, filterType, isRaw) = (context.inputDType(0), context.inputDType(1), isRaw)
    let geometry = bnk_conv_i32(
      batch: x[0], height: x[1], width: x[2], depth: x[3], rows: filter[0], columns: filter[1],
      count: filter[3], row_stride: strides[0], column_stride: strides[1],
      row_dilation: dilations[0], column_dilation: dilations[1], out_height: out[1],
      out_width: out[2], top: try margin(x[1], filter[0], 0),
      left: try margin(x[2], filter[1], 1), border: 0)
    return .function(
      KernelFunction(scratchBytes: 4 * (x.count + filter.count)) { io in
        let (a, b) = (io.range(dtype, 2), io.range(filterType, 4))
        var zeroA = isRaw ? 0 : Int32(truncatingIfNeeded: a.unclamped(0))
        var zeroB = isRaw ? 0 : Int32(truncatingIfNeeded: b.unclamped(0))
        let wide = io.scratch(outputs: 3)
          .bindMemory(to: Int32.self, capacity: x.count + filter.count)
        bnk_widen(dtype.code, io.input(0), wide, bnk_channels(x.count), &zeroA)
        bnk_widen(
          filterType.code, io.input(1), wide + x.count, bnk_channels(filter.count), &zeroB)
        var conv = geometry
        // The border is the byte that stands for 0, as far as a byte can.
        conv.border = zeroA < 0 ? 0 : Int32(UInt8(truncatingIfNeeded: zeroA)) &- zeroA
        bnk_convolve_i32(
          &conv, wide, wide + x.count, io.output(0).assumingMemoryBound(to: Int32.self))
        let range = QuantizedRange.product(a, b)
        io.storeRange(range.min, range.max)
      })
  }

  /// The padding before the image. Where TensorFlow does the work itself, a window smaller than its
  /// stride is moved inwards.
  private func margin(_ size: Int, _ window: Int, _ i: Int) throws -> Int {
    let span = try span(size, window, i)
    guard isSame, !isRaw else { return span.before }
    return ((span.output - 1) * strides[i] + window - size) / 2
  }
}
