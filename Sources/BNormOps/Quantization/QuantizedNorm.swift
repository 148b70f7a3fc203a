import BNormCore
import BNormTensor
import CBNormKernels

/// Bytes normalised over the pixels of each image and channel.
struct QuantizedInstanceNorm: PlannedOperation {
  static let opNames = ["QuantizedInstanceNorm"]
  private let epsilon: Float
  private let separation: Float
  private let range: (Float, Float)?

  init(_ node: NodeContext) throws {
    epsilon = try node.float("variance_epsilon")
    separation = try node.float("min_separation")
    guard try node.bool("output_range_given") else {
      range = nil
      return
    }
    let (low, high) = (try node.float("given_y_min"), try node.float("given_y_max"))
    guard low < high else {
      throw BNormError.invalid(
        "attribute given_y_min is \(low), expected less than given_y_max, which is \(high)")
    }
    range = (low, high)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try requireScalars(inputs, 1..<3)
    try inputs[0].shape.requireRank(4, "input 0")
    return [inputs[0].shape, .scalar, .scalar]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let x = context.inputShape(0)
    let (batch, pixels, depth) = (x[0], x[1] * x[2], x[3])
    let (epsilon, separation, range) = (epsilon, separation, range)
    return .function(
      KernelFunction(scratchBytes: 4 * x.count) { io in
        let given = io.range(.quint8, 1)
        try given.requireOrdered(1)
        let scale = (given.max - given.min) / 255
        let bytes = io.input(0).assumingMemoryBound(to: UInt8.self)
        let normal = io.scratch(outputs: 3).bindMemory(to: Float.self, capacity: x.count)
        var (low, high) = (Float.infinity, -Float.infinity)
        for b in 0..<batch {
          for c in 0..<depth {
            let first = b * pixels * depth + c
            var sum: Float = 0
            for p in 0..<pixels { sum += Float(bytes[first + p * depth]) }
            let mean = sum / Float(pixels)
            var squares: Float = 0
            for p in 0..<pixels {
              let d = scale * (Float(bytes[first + p * depth]) - mean)
              squares += d * d
            }
            let inverse = 1 / (squares / Float(pixels) + epsilon).squareRoot()
            for p in 0..<pixels {
              let y = scale * (Float(bytes[first + p * depth]) - mean) * inverse
              normal[first + p * depth] = y
              if y < low { low = y }
              if y > high { high = y }
            }
          }
        }
        // Nothing but NaN.
        if x.count > 0, low > high { (low, high) = (.nan, .nan) }
        if let range { (low, high) = range }
        if high - low < separation { high = low + separation }
        // The range of nothing, as TensorFlow gives it.
        if x.count == 0, range == nil { (low, high) = (.infinity, .infinity) }
        var quantizer = QuantizedRange(.quint8, low, high).quantizer
        bnk_quantize(
          DType.quint8.code, normal, io.output(0), bnk_channels(x.count), &quantizer,
          BNK_ROUND_AWAY, false)
        io.storeRange(low, high)
      })
  }
}

/// Batch normalization of bytes, in fixed point with 10 bits after the point.
struct QuantizedBatchNorm: PlannedOperation {
  static let opNames = ["QuantizedBatchNormWithGlobalNormalization"]
  private let epsilon: Float
  private let scales: Bool

  init(_ node: NodeContext) throws {
    epsilon = try node.float("variance_epsilon")
    scales = try node.bool("scale_after_normalization")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(4, "input 0 (t)")
    var depth = inputs[0].shape[3]
    for i in stride(from: 0, to: 15, by: 3) {
      try requireScalars(inputs, [i + 1, i + 2])
      guard i > 0 else { continue }
      try inputs[i].shape.requireRank(1, "input \(i)")
      guard let count = inputs[i].shape[0] else { continue }
      if let depth, depth != count {
        throw BNormError.invalid(
          "input \(i) has \(count) elements, but input 0 has shape \(inputs[0].shape)")
      }
      depth = count
    }
    guard var out = inputs[0].shape.dimensions else { return [.unknown, .scalar, .scalar] }
    out[3] = depth ?? -1
    return [PartialShape(out), .scalar, .scalar]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let count = context.inputShape(0).count
    let depth = context.inputShape(0)[3]
    guard depth > 1 else {
      throw BNormError.invalid(
        "input 0 (t) has shape \(context.inputShape(0)), expected at least two channels")
    }
    return .function(
      KernelFunction(scratchBytes: 8 * depth) { io in
        let limit: Float = 1_048_576
        let out = QuantizedRange(.qint32, -limit, limit)
        let one = Int32(truncatingIfNeeded: out.quantized(1))
        let factors = io.scratch(outputs: 3).bindMemory(to: Int32.self, capacity: 2 * depth)
        let offsets = factors + depth
        let ranges = (0..<5).map { io.range(.quint8, 3 * $0 + 1) }
        func value(_ k: Int, _ c: Int) -> Float {
          ranges[k].real(Int64(io.input(3 * k).load(fromByteOffset: c, as: UInt8.self)))
        }
        for c in 0..<depth {
          var factor = 1 / (value(2, c) + epsilon).squareRoot()
          if scales { factor *= value(4, c) }
          let offset = -value(1, c) * factor + value(3, c)
          factors[c] = Int32(truncatingIfNeeded: out.quantized(factor))
          offsets[c] = Int32(truncatingIfNeeded: out.quantized(offset))
        }
        let x = io.input(0).assumingMemoryBound(to: UInt8.self)
        let y = io.output(0).assumingMemoryBound(to: Int32.self)
        // What each byte stands for, in the range of the output.
        let table = (0..<256).map {
          Int32(truncatingIfNeeded: out.quantized(ranges[0].real($0)))
        }
        for i in 0..<count {
          let c = i % depth
          y[i] = (table[Int(x[i])] &* factors[c]) / one &+ offsets[c]
        }
        io.storeRange(-limit, limit)
      })
  }
}
