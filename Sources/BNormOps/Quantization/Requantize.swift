import BNormCore
import BNormTensor
import CBNormKernels

/// The range of the values of an int32 tensor that are there; its minimum is at most 0.
private func occupiedRange(_ io: KernelIO, _ count: Int) -> (min: Float, max: Float) {
  let x = io.input(0).assumingMemoryBound(to: Int32.self)
  var (least, most) = (Int32.max, Int32.min)
  for i in 0..<count {
    least = min(least, x[i])
    most = max(most, x[i])
  }
  let range = io.range(.qint32, 1)
  return (min(0, range.real(Int64(least))), range.real(Int64(most)))
}

/// Writes int32 values as `dtype` in another range.
private func requantize(
  _ io: KernelIO, _ count: Int, _ from: QuantizedRange, _ dtype: DType, _ low: Float, _ high: Float
) {
  guard dtype == .quint8 else {
    let to = QuantizedRange(dtype, low, high)
    bnk_requantize(
      DType.qint32.code, io.input(0), dtype.code, io.output(0), count, from.affine, to.quantizer)
    return
  }
  // In fixed point with 16 bits after the point, as TensorFlow computes it.
  let (span, outSpan) = (from.max - from.min, high - low)
  let inverse = outSpan == 0 ? 0 : Float(255 / Double(outSpan))
  let scale = outSpan == 0 ? 0 : truncated(255 * 65536 * Double(span) / Double(outSpan))
  let middle = Float(Double(from.min + from.max) / 2)
  let inOffset = truncated(Double(middle * inverse * 65536))
  let outOffset =
    outSpan == 0
    ? 0
    : truncated((65536 * (Double(low) * 255) / Double(outSpan)).rounded(.toNearestOrAwayFromZero))
  bnk_requantize_fixed(
    io.input(0).assumingMemoryBound(to: Int32.self),
    io.output(0).assumingMemoryBound(to: UInt8.self), count, scale,
    inOffset &- outOffset &+ 32768)
}

/// Int32 values as bytes in the range that they occupy, or just that range.
struct ShrinkRange: PlannedOperation {
  static let opNames = ["QuantizeDownAndShrinkRange", "RequantizationRange"]
  private let writes: Bool

  init(_ node: NodeContext) throws { writes = node.op == "QuantizeDownAndShrinkRange" }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try requireScalars(inputs, 1..<3)
    return writes ? [inputs[0].shape, .scalar, .scalar] : [.scalar, .scalar]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let count = context.inputShape(0).count
    let writes = writes
    return .run { io in
      let (low, high) = occupiedRange(io, count)
      if writes { requantize(io, count, io.range(.qint32, 1), .quint8, low, high) }
      io.storeRange(low, high, first: writes ? 1 : 0)
    }
  }
}

/// Int32 values as bytes in a given range.
struct Requantize: PlannedOperation {
  static let opNames = ["Requantize"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try requireScalars(inputs, 1..<5)
    return [inputs[0].shape, .scalar, .scalar]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let (count, dtype) = (context.inputShape(0).count, context.outputDType(0))
    return .run { io in
      let (low, high) = (io.float(3), io.float(4))
      guard low <= 0, high >= 0 else {
        throw BNormError.invalid(
          "inputs 3 and 4 (requested_output_min and max) are \(low) and \(high), expected a range "
            + "with 0 in it")
      }
      requantize(io, count, io.range(.qint32, 1), dtype, low, high)
      io.storeRange(low, high)
    }
  }
}

/// Int32 values of images, with a range for each channel, as bytes in one range.
struct RequantizePerChannel: PlannedOperation {
  static let opNames = ["RequantizePerChannel"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    for i in 1...2 { try inputs[i].shape.requireRank(1, "input \(i)") }
    try requireScalars(inputs, 3..<5)
    return [inputs[0].shape, .scalar, .scalar]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let (x, ranges) = (context.inputShape(0), context.inputShape(1).count)
    let dtype = context.outputDType(0)
    guard x.rank == 4 else {
      throw BNormError.invalid("input 0 has shape \(x), expected rank 4")
    }
    let depth = x[x.rank - 1]
    guard context.inputShape(2).count == ranges, ranges == depth || ranges == 1 else {
      throw BNormError.invalid(
        "inputs 1 and 2 have \(ranges) and \(context.inputShape(2).count) elements, but input 0 "
          + "has shape \(x)")
    }
    let limit: Float = dtype == .qint8 ? 127 : 255
    return .function(
      KernelFunction(scratchBytes: 4 * x.count) { io in
        let (low, high) = (io.float(3), io.float(4))
        guard dtype != .qint8 || low < 0 else {
          throw BNormError.invalid(
            "input 3 (requested_output_min) is \(low), expected less than 0 for qint8")
        }
        let wanted = max(abs(low), abs(high))
        let mins = io.input(1).assumingMemoryBound(to: Float.self)
        let maxes = io.input(2).assumingMemoryBound(to: Float.self)
        let real = io.scratch(outputs: 3).bindMemory(to: Float.self, capacity: x.count)
        let bounds = dtype.quantizedBounds
        let values = io.input(0).assumingMemoryBound(to: Int32.self)
        for c in 0..<depth {
          let k = ranges == 1 ? 0 : c
          let scale = limit * (max(abs(mins[k]), abs(maxes[k])) / wanted / 2_147_483_648)
          for i in stride(from: c, to: x.count, by: depth) { real[i] = Float(values[i]) * scale }
        }
        var quantizer = bnk_quantizer(
          low: Float(bounds.lowest), high: Float(bounds.highest), pre: 0, scale: 1, mid: 0, post: 0,
          lower: -.infinity, upper: .infinity)
        bnk_quantize(
          dtype.code, real, io.output(0), bnk_channels(x.count), &quantizer, BNK_ROUND_EVEN, false)
        io.storeRange(low, high)
      })
  }
}

/// The range of int32 values of images that have a range for each channel.
struct RequantizationRangePerChannel: PlannedOperation {
  static let opNames = ["RequantizationRangePerChannel"]
  private let limit: Float

  init(_ node: NodeContext) throws { limit = try node.float("clip_value_max") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    for i in 1...2 { try inputs[i].shape.requireRank(1, "input \(i)") }
    return [.scalar, .scalar]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let x = context.inputShape(0)
    let counts = [context.inputShape(1).count, context.inputShape(2).count]
    guard x.rank == 4, x.count > 0, counts == [x[3], x[3]] else {
      throw BNormError.invalid(
        "input 0 has shape \(x), inputs 1 and 2 have \(counts[0]) and \(counts[1]) elements: "
          + "expected images with that many channels")
    }
    let (depth, limit) = (x[3], limit)
    return .run { io in
      let values = io.input(0).assumingMemoryBound(to: Int32.self)
      let mins = io.input(1).assumingMemoryBound(to: Float.self)
      let maxes = io.input(2).assumingMemoryBound(to: Float.self)
      var largest = Float.leastNormalMagnitude
      var hasNegative = false
      for c in 0..<depth {
        var (least, most) = (Int32.max, Int32.min)
        for i in stride(from: c, to: x.count, by: depth) {
          least = min(least, values[i])
          most = max(most, values[i])
        }
        if least < 0 { hasNegative = true }
        // The least number has no positive counterpart.
        let bound = max(least == .min ? least : abs(least), most == .min ? most : abs(most))
        let scale = max(abs(mins[c]), abs(maxes[c]))
        largest = max(largest, scale * Float(bound) / 2_147_483_648)
      }
      if largest > limit { largest = limit }
      io.storeRange(hasNegative ? -largest : 0, largest, first: 0)
    }
  }
}
