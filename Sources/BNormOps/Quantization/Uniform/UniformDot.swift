import BNormCore
import BNormTensor
import CBNormKernels

/// A row of floats as bytes that cover its range: TensorFlow's quantization on the fly.
struct DynamicQuantization {
  let scale: Float
  let zero: Int32
  private let inverse: Float

  init(_ x: UnsafeBufferPointer<Float>) {
    let low = Double(x.reduce(Float(0)) { $1 < $0 ? $1 : $0 })
    let high = Double(x.reduce(Float(0)) { $1 > $0 ? $1 : $0 })
    let (least, most) = (-128.0, 127.0)
    let scale = Float((high - low) / (most - least))
    let inverse = high > low ? Float((most - least) / (high - low)) : 0
    guard scale != 0, inverse.isFinite else {
      (self.scale, zero, self.inverse) = (1, 0, 0)
      return
    }
    let fromLow = least - low / Double(scale)
    let fromHigh = most - high / Double(scale)
    let lowError = abs(least) + abs(low / Double(scale))
    let highError = abs(most) + abs(high / Double(scale))
    let point = lowError < highError ? fromLow : fromHigh
    let inside = point > least && point < most
    zero =
      inside
      ? Int32(point.rounded(.toNearestOrAwayFromZero))
      : point <= least ? -128 : point >= most ? 127 : .min
    (self.scale, self.inverse) = (scale, inverse)
  }

  /// The quantized value less the zero point.
  @inline(__always)
  func difference(_ x: Float) -> Int32 {
    if inverse == 0, scale == 1 { return 0 }
    return uniformInteger(x, inverse, zero, -128, 127) &- zero
  }
}

/// Products of matrices of uniformly quantized bytes; in the hybrid form the left one is quantized
/// on the fly, row by row, and the result is float.
struct UniformDot: PlannedOperation {
  static let opNames = ["UniformQuantizedDot", "UniformQuantizedDotHybrid"]
  private let output: UniformForm?

  init(_ node: NodeContext) throws {
    let isHybrid = node.op.hasSuffix("Hybrid")
    for prefix in isHybrid ? ["rhs_"] : ["lhs_", "rhs_", "output_"] {
      let axis = try UniformForm(node, prefix).axis
      guard axis == -1 || (axis == 1 && prefix != "lhs_") else {
        throw BNormError.invalid("attribute \(prefix)quantization_axis is \(axis)")
      }
    }
    output = isHybrid ? nil : try UniformForm(node, "output_")
  }

  private var rhs: Int { output == nil ? 2 : 4 }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    for i in 0..<2 { try inputs[i].shape.requireRank(2, "input \(i)") }
    if let a = inputs[0].shape[1], let b = inputs[1].shape[0], a != b {
      throw BNormError.invalid(
        "input 0 (lhs) has shape \(inputs[0].shape) and input 1 (rhs) has \(inputs[1].shape): "
          + "\(a) columns, but \(b) rows")
    }
    return [PartialShape([inputs[0].shape[0] ?? -1, inputs[1].shape[1] ?? -1])]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let (m, k) = (context.inputShape(0)[0], context.inputShape(0)[1])
    let n = context.inputShape(1)[1]
    let rhs = rhs
    let rhsScales = context.inputShape(rhs)
    try UniformForm.check(
      context, context.inputShape(1), axis: rhsScales.rank == 0 ? -1 : 1, first: rhs)
    var outScales = Shape.scalar
    if output != nil {
      try UniformForm.check(context, context.inputShape(0), axis: -1, first: 2)
      outScales = context.inputShape(6)
      try UniformForm.check(
        context, context.outputShape(0), axis: outScales.rank == 0 ? -1 : 1, first: 6)
      guard rhsScales.rank > 0 || outScales.rank == 0 else {
        throw BNormError.invalid(
          "input 4 (rhs_scales) is a scalar, but input 6 (output_scales) has shape \(outScales)")
      }
    }
    let (output, outCount) = (output, outScales.count)
    let bytes = 4 * (m * k + k * n + (output == nil ? m * n : 0))
    return .function(
      KernelFunction(scratchBytes: bytes) { io in
        let scratch = io.scratch(outputs: 1).bindMemory(to: Int32.self, capacity: bytes / 4)
        let (left, right) = (scratch, scratch + m * k)
        let scales = UniformScales(io, rhs, count: rhsScales.count)
        try scales.requirePositive(rhs)
        let channels = bnk_channels([k, n], axis: rhsScales.rank == 0 ? -1 : 1)
        bnk_widen(DType.qint8.code, io.input(1), right, channels, scales.zeros.baseAddress)
        guard let output else {
          let sums = scratch + m * k + k * n
          let x = io.input(0).assumingMemoryBound(to: Float.self)
          let rows = (0..<m).map { row -> Float in
            let form = DynamicQuantization(UnsafeBufferPointer(start: x + row * k, count: k))
            for i in row * k..<(row + 1) * k { left[i] = form.difference(x[i]) }
            return form.scale
          }
          bnk_product_i32(left, right, sums, m, n, k)
          let y = io.output(0).assumingMemoryBound(to: Float.self)
          for i in 0..<m * n { y[i] = Float(sums[i]) * rows[i / n] * scales.scale(i % n) }
          return
        }
        let lhs = UniformScales(io, 2, count: 1)
        try lhs.requirePositive(2)
        let after = UniformScales(io, 6, count: outCount)
        try after.requirePositive(6)
        bnk_widen(
          DType.qint8.code, io.input(0), left, bnk_channels(m * k), lhs.zeros.baseAddress)
        let y = io.output(0).assumingMemoryBound(to: Int32.self)
        bnk_product_i32(left, right, y, m, n, k)
        let factors = try uniformFactors(lhs, scales, after, output)
        for i in 0..<m * n { y[i] = factors[factors.count == 1 ? 0 : i % n].apply(y[i]) }
      })
  }
}

/// What sums of products of two tensors are to be multiplied by, for each channel of the result.
func uniformFactors(
  _ lhs: UniformScales, _ rhs: UniformScales, _ output: UniformScales, _ form: UniformForm
) throws -> [bnk_fixed_scale] {
  try (0..<rhs.scales.count).map { c in
    try bnk_fixed_scale(
      Double(lhs.scale(0)) * Double(rhs.scale(c)) / Double(output.scale(c)), zero: 0,
      offset: output.zero(c), low: form.low, high: form.high)
  }
}
