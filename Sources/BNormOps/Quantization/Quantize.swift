import BNormCore
import BNormTensor
import CBNormKernels

/// The ways in which TensorFlow lays quantized values over a range.
enum QuantizeMode: String, Sendable {
  case combined = "MIN_COMBINED"
  case first = "MIN_FIRST"
  case scaled = "SCALED"

  init(_ node: NodeContext) throws {
    let name = try node.string("mode")
    guard let mode = QuantizeMode(rawValue: name) else {
      throw BNormError.invalid("attribute mode is \(name)")
    }
    self = mode
  }
}

/// Floats as quantized values.
struct Quantize: PlannedOperation {
  static let opNames = ["QuantizeV2"]
  private let mode: QuantizeMode
  private let rounding: bnk_rounding
  private let isNarrow: Bool
  private let axis: Int
  private let minimumRange: Float

  init(_ node: NodeContext) throws {
    mode = try QuantizeMode(node)
    isNarrow = try node.bool("narrow_range")
    axis = try node.channelAxis()
    minimumRange = try node.float("ensure_minimum_range")
    let roundsEven = try node.string("round_mode") == "HALF_TO_EVEN"
    rounding = roundsEven ? BNK_ROUND_EVEN : BNK_ROUND_AWAY
    guard !roundsEven || mode == .scaled else {
      throw BNormError.invalid(
        "attribute round_mode is HALF_TO_EVEN, which mode \(mode.rawValue) does not take")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try requireChannelRange(inputs, axis: axis, first: 1)
    guard axis >= 0 else { return [inputs[0].shape, .scalar, .scalar] }
    // A single slice has a scalar range.
    let depth = inputs[0].shape[axis] ?? inputs[1].shape[0] ?? inputs[2].shape[0]
    let range = depth.map { $0 == 1 ? PartialShape.scalar : .vector($0) } ?? .unknown
    return [inputs[0].shape, range, range]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let channels = bnk_channels(context.inputShape(0), axis: axis)
    let depth = channels.depth
    let dtype = context.outputDType(0)
    guard mode != .first || depth == 1 else {
      throw BNormError.invalid("mode MIN_FIRST does not take an axis with \(depth) slices")
    }
    let isUnsigned = mode == .combined && dtype.isUnsigned
    let rounding = isUnsigned ? BNK_ROUND_NOT : rounding
    let wide = mode != .first
    return .function(
      KernelFunction(scratchBytes: depth * MemoryLayout<bnk_quantizer>.stride) { io in
        let quantizers = io.scratch(outputs: 3).bindMemory(to: bnk_quantizer.self, capacity: depth)
        let mins = io.input(1).assumingMemoryBound(to: Float.self)
        let maxes = io.input(2).assumingMemoryBound(to: Float.self)
        for c in 0..<depth {
          let made = try quantizer(dtype, mins[c], maxes[c])
          (quantizers + c).initialize(to: made.quantizer)
          (io.output(1) + 4 * c).storeBytes(of: made.min, as: Float.self)
          (io.output(2) + 4 * c).storeBytes(of: made.max, as: Float.self)
        }
        bnk_quantize(
          dtype.code, io.input(0).assumingMemoryBound(to: Float.self), io.output(0), channels,
          quantizers, rounding, wide)
      })
  }

  private func quantizer(
    _ dtype: DType, _ givenMin: Float, _ givenMax: Float
  ) throws -> (quantizer: bnk_quantizer, min: Float, max: Float) {
    guard !(givenMax < givenMin) else {
      throw BNormError.invalid(
        "input 2 (max_range) is \(givenMax), expected at least input 1 (min_range), which is "
          + "\(givenMin)")
    }
    let low = min(0, givenMin)
    let gap = max(1, max(abs(givenMin), abs(givenMax))) * minimumRange
    let high = max(0, max(givenMax, low + gap))
    let (lowest, highest) = dtype.quantizedBounds
    var q = bnk_quantizer(
      low: low, high: high, pre: 0, scale: 1, mid: 0, post: 0, lower: -.infinity, upper: .infinity)
    switch mode {
    case .first: return (QuantizedRange(dtype, low, high).quantizer, low, high)
    case .combined:
      q.pre = low
      q.scale = Float(Double(highest - lowest) / Double(high - low))
      q.mid = dtype.isUnsigned ? 0.5 : -Float(Double(highest - lowest + 1) / 2)
      return (q, low, high)
    case .scaled:
      let least = Float(lowest + (isNarrow ? 1 : 0)), most = Float(highest)
      let fromLeast = least * low > 0 ? least / low : Float.greatestFiniteMagnitude
      let fromMost = most * high > 0 ? most / high : Float.greatestFiniteMagnitude
      q.scale = min(fromLeast, fromMost)
      q.low = least / q.scale
      q.high = most / q.scale
      return (q, q.low, q.high)
    }
  }
}

/// Quantized values as floats.
struct Dequantize: PlannedOperation {
  static let opNames = ["Dequantize"]
  private let mode: QuantizeMode
  private let isNarrow: Bool
  private let axis: Int
  private let output: DType

  init(_ node: NodeContext) throws {
    mode = try QuantizeMode(node)
    isNarrow = try node.bool("narrow_range")
    axis = try node.channelAxis()
    output = node.outputDTypes[0]
    guard output == .float || mode == .combined else {
      throw BNormError.invalid(
        "attribute mode is \(mode.rawValue), but for an output of bfloat16 it must be MIN_COMBINED")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try requireChannelRange(inputs, axis: axis, first: 1)
    return [inputs[0].shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let channels = bnk_channels(context.inputShape(0), axis: axis)
    let (depth, dtype) = (channels.depth, context.inputDType(0))
    let count = context.inputShape(0).count
    guard mode != .first || depth == 1 else {
      throw BNormError.invalid("mode MIN_FIRST does not take an axis with \(depth) slices")
    }
    let narrows = output == .bfloat16
    let affineBytes = (depth * MemoryLayout<bnk_affine>.stride + 63) / 64 * 64
    return .function(
      KernelFunction(scratchBytes: affineBytes + (narrows ? 4 * count : 0)) { io in
        let scratch = io.scratch(outputs: 1)
        let affines = scratch.bindMemory(to: bnk_affine.self, capacity: depth)
        let mins = io.input(1).assumingMemoryBound(to: Float.self)
        let maxes = io.input(2).assumingMemoryBound(to: Float.self)
        for c in 0..<depth {
          (affines + c).initialize(to: affine(dtype, mins[c], maxes[c]))
        }
        let target = (narrows ? scratch + affineBytes : io.output(0))
          .bindMemory(to: Float.self, capacity: count)
        bnk_dequantize(dtype.code, io.input(0), target, channels, affines)
        guard narrows else { return }
        let out = io.output(0).assumingMemoryBound(to: BFloat16.self)
        for i in 0..<count { out[i] = BFloat16(target[i]) }
      })
  }

  private func affine(_ dtype: DType, _ low: Float, _ high: Float) -> bnk_affine {
    let (lowest, highest) = dtype.quantizedBounds
    switch mode {
    case .first: return QuantizedRange(dtype, low, high).affine
    case .combined:
      let span = Float(highest) - Float(lowest)
      return bnk_affine(
        pre: dtype.isUnsigned ? 0 : (span + 1) / 2, scale: (high - low) / span, post: low)
    case .scaled:
      let fromMost = high / Float(highest)
      let scale =
        dtype.isUnsigned ? fromMost : max(low / Float(lowest + (isNarrow ? 1 : 0)), fromMost)
      return bnk_affine(pre: 0, scale: scale, post: 0)
    }
  }
}
