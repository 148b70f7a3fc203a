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

/// Convolutions of images of bytes, as int32.
struct QuantizedConvolution: PlannedOperation {
  static let opNames = ["QuantizedConv2D"]
  private let stride: Int
  private let isSame: Bool

  init(_ node: NodeContext) throws {
    let strides = try node.ints("strides")
    guard strides.count == 4, strides[0] == 1, strides[3] == 1, strides[1] == strides[2],
      strides[1] > 0, strides[1] < 1 << 31
    else {
      throw BNormError.invalid(
        "attribute strides is \(strides), expected four of which the first and the last are 1 and "
          + "the others equal")
    }
    guard try node.ints("dilations") == [1, 1, 1, 1] else {
      throw BNormError.unsupported("dilations \(try node.ints("dilations"))")
    }
    stride = strides[1]
    isSame = try node.string("padding") == "SAME"
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
      guard let size = x[i + 1], let window = filter[i], window > 0 else { continue }
      out[i + 1] = try WindowSpan(size, window: window, stride: stride, isSame: isSame).output
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
    let (dtype, filterType) = (context.inputDType(0), context.inputDType(1))
    // A window smaller than its stride is moved inwards where there is padding.
    let top = isSame ? ((out[1] - 1) * stride + filter[0] - x[1]) / 2 : 0
    let left = isSame ? ((out[2] - 1) * stride + filter[1] - x[2]) / 2 : 0
    let geometry = bnk_conv_i32(
      batch: x[0], height: x[1], width: x[2], depth: x[3], rows: filter[0], columns: filter[1],
      count: filter[3], stride: stride, out_height: out[1], out_width: out[2],
      top: top, left: left,
      border: 0)
    return .function(
      KernelFunction(scratchBytes: 4 * (x.count + filter.count)) { io in
        let (a, b) = (io.range(dtype, 2), io.range(filterType, 4))
        var zeroA = Int32(truncatingIfNeeded: a.unclamped(0))
        var zeroB = Int32(truncatingIfNeeded: b.unclamped(0))
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
}
