import BNormCore
import BNormTensor
import CBNormKernels

/// Floats rounded to what a number of bits can hold; the range is given, or that of the elements,
/// for all of them or for each slice along an axis.
struct QuantizeAndDequantize: PlannedOperation {
  static let opNames = [
    "QuantizeAndDequantize", "QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3",
    "QuantizeAndDequantizeV4",
  ]
  private let isSigned: Bool
  private let isNarrow: Bool
  private let bits: Int?
  private let axis: Int
  private let fixedRange: (Double, Double)?
  private let rangeIsGiven: Bool
  private let rounding: bnk_rounding
  private let refusesChannels: Bool

  init(_ node: NodeContext) throws {
    isSigned = try node.bool("signed_input")
    rangeIsGiven = try node.bool("range_given")
    let isFirst = node.op == "QuantizeAndDequantize"
    isNarrow = isFirst ? false : try node.bool("narrow_range")
    axis = isFirst ? -1 : try node.channelAxis()
    let takesBits = node.op.hasSuffix("V3")
    bits = takesBits ? nil : try node.int("num_bits")
    let hasMode = !isFirst && !takesBits
    // TensorFlow no longer takes vectors here, though its shape rule demands them; graphs of the
    // versions that did still run.
    refusesChannels = hasMode && axis >= 0 && rangeIsGiven && node.producer > 1300
    let roundsUp = hasMode ? try node.string("round_mode") == "HALF_UP" : false
    rounding = roundsUp ? BNK_ROUND_UP : BNK_ROUND_EVEN
    guard isFirst else {
      fixedRange = nil
      if let bits { try check(bits: bits) }
      return
    }
    fixedRange = (Double(try node.float("input_min")), Double(try node.float("input_max")))
    if let bits { try check(bits: bits) }
    if rangeIsGiven { try check(fixedRange!.0, fixedRange!.1) }
  }

  private func check(bits: Int) throws {
    guard bits > 0, bits < (isSigned ? 62 : 63) else {
      throw BNormError.invalid("num_bits is \(bits), expected 1 to \(isSigned ? 61 : 62)")
    }
  }

  private func check(_ min: Double, _ max: Double) throws {
    guard min <= max else {
      throw BNormError.invalid("input_min is \(min), expected at most input_max, which is \(max)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if fixedRange == nil {
      try requireChannelRange(inputs, axis: axis, first: 1)
      if bits == nil { try inputs[3].shape.requireRank(0, "input 3 (num_bits)") }
    }
    return [inputs[0].shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    guard !refusesChannels else {
      throw BNormError.invalid(
        "input 1 (input_min) has shape \(context.inputShape(1)), expected a scalar where the range "
          + "is given")
    }
    let channels = bnk_channels(context.inputShape(0), axis: axis)
    return context.inputDType(0) == .float
      ? run(channels, Float.self, bnk_steps_f32.self, bnk_channel_range_f32) { low, high, s, i in
        bnk_steps_f32(low: low, high: high, scale: s, inverse: i)
      } _: {
        bnk_round_to_steps_f32($0, $1, channels, $2, rounding)
      }
      : run(channels, Double.self, bnk_steps_f64.self, bnk_channel_range_f64) { low, high, s, i in
        bnk_steps_f64(low: low, high: high, scale: s, inverse: i)
      } _: {
        bnk_round_to_steps_f64($0, $1, channels, $2, rounding)
      }
  }

  private func run<T: BinaryFloatingPoint & Element, Steps>(
    _ channels: bnk_channels, _ type: T.Type, _ steps: Steps.Type,
    _ measure:
      @escaping @Sendable (
        UnsafePointer<T>?, bnk_channels, UnsafeMutablePointer<T>?, UnsafeMutablePointer<T>?
      ) -> Void,
    _ make: @escaping @Sendable (T, T, T, T) -> Steps,
    _ round:
      @escaping @Sendable (
        UnsafePointer<T>, UnsafeMutablePointer<T>, UnsafePointer<Steps>
      ) -> Void
  ) -> Kernel {
    let depth = channels.depth
    let stepBytes = depth * MemoryLayout<Steps>.stride
    let scratch = stepBytes + 2 * depth * MemoryLayout<T>.stride
    return .function(
      KernelFunction(scratchBytes: scratch) { io in
        let x = io.input(0).assumingMemoryBound(to: T.self)
        let steps = io.scratch(outputs: 1).bindMemory(to: Steps.self, capacity: depth)
        let low = (io.scratch(outputs: 1) + stepBytes).bindMemory(to: T.self, capacity: 2 * depth)
        let high = low + depth
        let bits = self.bits ?? Int(io.input(3).load(as: Int32.self))
        try check(bits: bits)
        if !rangeIsGiven {
          measure(x, channels, low, high)
        } else if let fixedRange {
          (low[0], high[0]) = (T(fixedRange.0), T(fixedRange.1))
        } else {
          low.update(from: io.input(1).assumingMemoryBound(to: T.self), count: depth)
          high.update(from: io.input(2).assumingMemoryBound(to: T.self), count: depth)
        }
        for c in 0..<depth {
          // V3 looks at the order of a range of all elements only.
          if rangeIsGiven, self.bits != nil || axis < 0 {
            try check(Double(low[c]), Double(high[c]))
          }
          let (from, to, scale, inverse) = range(low[c], high[c], bits: bits)
          (steps + c).initialize(
            to: rangeIsGiven
              ? make(from, to, scale, inverse) : make(-.infinity, .infinity, scale, inverse))
        }
        round(x, io.output(0).assumingMemoryBound(to: T.self), steps)
      })
  }

  /// The range that keeps 0 and covers [low, high], its scale, and the scale's inverse.
  private func range<T: BinaryFloatingPoint>(_ low: T, _ high: T, bits: Int) -> (T, T, T, T) {
    let least = T(isSigned ? -(1 << (bits - 1)) + (isNarrow ? 1 : 0) : 0)
    let most = T(isSigned ? (1 << (bits - 1)) - 1 : (1 << bits) - 1)
    let fromLeast = least * low > 0 ? least / low : T.greatestFiniteMagnitude
    let fromMost = most * high > 0 ? most / high : T.greatestFiniteMagnitude
    if fromLeast < fromMost {
      let inverse = low / least
      return (low, most * inverse, fromLeast, inverse)
    }
    let inverse = high / most
    return (least * inverse, high, fromMost, inverse)
  }
}

/// Throws unless inputs `first` and `first + 1` can be the range of all elements (axis -1), or of
/// each slice of input `data` along `axis`.
func requireChannelRange(_ inputs: [Fact], axis: Int, first: Int, data: Int = 0) throws {
  for i in [first, first + 1] {
    try inputs[i].shape.requireRank(axis < 0 ? 0 : 1, "input \(i)")
    guard axis >= 0 else { continue }
    try inputs[data].shape.requireRank(atLeast: axis + 1, "input \(data)")
    if let count = inputs[i].shape[0], let depth = inputs[data].shape[axis], count != depth {
      throw BNormError.invalid(
        "input \(i) has \(count) elements, but input \(data) has shape \(inputs[data].shape): "
          + "expected \(depth) along axis \(axis)")
    }
  }
}

/// The gradient of QuantizeAndDequantizeV4: that of the elements within the range; none of the
/// range's ends.
struct QuantizeAndDequantizeGrad: PlannedOperation {
  static let opNames = ["QuantizeAndDequantizeV4Grad"]
  private let axis: Int

  init(_ node: NodeContext) throws {
    axis = try node.channelAxis()
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard let shape = inputs[0].shape.merged(inputs[1].shape) else {
      throw BNormError.invalid(
        "input 0 (gradients) has shape \(inputs[0].shape), but input 1 has \(inputs[1].shape)")
    }
    try requireChannelRange(inputs, axis: axis, first: 2, data: 1)
    guard let range = inputs[2].shape.merged(inputs[3].shape) else {
      throw BNormError.invalid(
        "input 2 (input_min) has shape \(inputs[2].shape), but input 3 has \(inputs[3].shape)")
    }
    return [shape, range, range]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let channels = bnk_channels(context.inputShape(1), axis: axis)
    return context.inputDType(0) == .float
      ? run(channels, Float.self) : run(channels, Double.self)
  }

  private func run<T: BinaryFloatingPoint & Element>(
    _ channels: bnk_channels, _ type: T.Type
  ) -> Kernel {
    .run { io in
      let gradient = io.input(0).assumingMemoryBound(to: T.self)
      let x = io.input(1).assumingMemoryBound(to: T.self)
      let low = io.input(2).assumingMemoryBound(to: T.self)
      let high = io.input(3).assumingMemoryBound(to: T.self)
      let out = io.output(0).assumingMemoryBound(to: T.self)
      for row in 0..<channels.outer * channels.depth {
        let c = row % channels.depth
        for i in row * channels.inner..<(row + 1) * channels.inner {
          out[i] = gradient[i] * (x[i] >= low[c] && x[i] <= high[c] ? 1 : 0)
        }
      }
      for i in [1, 2] {
        io.output(i).initializeMemory(
          as: UInt8.self, repeating: 0, count: channels.depth * MemoryLayout<T>.stride)
      }
    }
  }
}
