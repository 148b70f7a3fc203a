import BNormCore
import BNormTensor
import CBNormKernels

/// Floats as uniformly quantized integers.
struct UniformQuantize: PlannedOperation {
  static let opNames = ["UniformQuantize"]
  private let form: UniformForm

  init(_ node: NodeContext) throws { form = try UniformForm(node) }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    try UniformForm.check(context, shape, axis: form.axis, first: 1)
    let channels = bnk_channels(shape, axis: form.axis)
    let (form, dtype) = (form, context.outputDType(0))
    return .run { io in
      let scales = UniformScales(io, 1, count: channels.depth)
      let x = io.input(0).assumingMemoryBound(to: Float.self)
      let bits = dtype.size
      for row in 0..<channels.outer * channels.depth {
        let c = row % channels.depth
        let (inverse, zero) = (1 / scales.scales[c], scales.zeros[c])
        for i in row * channels.inner..<(row + 1) * channels.inner {
          let whole = uniformInteger(x[i], inverse, zero, form.low, form.high)
          if bits == 1 {
            io.output(0).storeBytes(
              of: UInt8(truncatingIfNeeded: whole), toByteOffset: i, as: UInt8.self)
          } else {
            io.output(0).storeBytes(of: whole, toByteOffset: 4 * i, as: Int32.self)
          }
        }
      }
    }
  }
}

/// What does not fit into 32 bits becomes the least number, as the processor has it.
@inline(__always)
func uniformInteger(
  _ x: Float, _ inverse: Float, _ zero: Int32, _ low: Int32, _ high: Int32
) -> Int32 {
  let scaled = (x * inverse + 0.5).rounded(.down)
  let fits = scaled >= -2_147_483_648 && scaled < 2_147_483_648
  return max(min((fits ? Int32(scaled) : .min) &+ zero, high), low)
}

/// Uniformly quantized integers as floats.
struct UniformDequantize: PlannedOperation {
  static let opNames = ["UniformDequantize"]
  private let form: UniformForm

  init(_ node: NodeContext) throws { form = try UniformForm(node) }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    try UniformForm.check(context, shape, axis: form.axis, first: 1)
    let channels = bnk_channels(shape, axis: form.axis)
    let dtype = context.inputDType(0)
    return .function(
      KernelFunction(scratchBytes: 4 * shape.count) { io in
        let scales = UniformScales(io, 1, count: channels.depth)
        try scales.requirePositive(1)
        let wide = io.scratch(outputs: 1).bindMemory(to: Int32.self, capacity: shape.count)
        bnk_widen(dtype.code, io.input(0), wide, channels, scales.zeros.baseAddress)
        let y = io.output(0).assumingMemoryBound(to: Float.self)
        for row in 0..<channels.outer * channels.depth {
          let scale = scales.scales[row % channels.depth]
          for i in row * channels.inner..<(row + 1) * channels.inner {
            y[i] = Float(wide[i]) * scale
          }
        }
      })
  }
}

/// Uniformly quantized integers under other scales and zero points.
struct UniformRequantize: PlannedOperation {
  static let opNames = ["UniformRequantize"]
  private let input: UniformForm
  private let output: UniformForm

  init(_ node: NodeContext) throws {
    input = try UniformForm(node, "input_")
    output = try UniformForm(node, "output_")
    guard node.outputDTypes[0] == .qint8 else {
      throw BNormError.unsupported("UniformRequantize to \(node.outputDTypes[0].name)")
    }
    guard input.axis < 0 || output.axis < 0 || input.axis == output.axis else {
      throw BNormError.invalid(
        "the quantization axes are \(input.axis) and \(output.axis), expected the same")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    try UniformForm.check(context, shape, axis: input.axis, first: 1)
    try UniformForm.check(context, shape, axis: output.axis, first: 3)
    let channels = bnk_channels(shape, axis: max(input.axis, output.axis))
    let counts = [context.inputShape(1).count, context.inputShape(3).count]
    let (from, to, form) = (context.inputDType(0), context.outputDType(0), output)
    return .run { io in
      let before = UniformScales(io, 1, count: counts[0])
      let after = UniformScales(io, 3, count: counts[1])
      try before.requirePositive(1)
      try after.requirePositive(3)
      let factors = try (0..<channels.depth).map { c in
        try bnk_fixed_scale(
          Double(before.scale(c)) / Double(after.scale(c)), zero: before.zero(c),
          offset: after.zero(c), low: form.low, high: form.high)
      }
      bnk_rescale(from.code, io.input(0), to.code, io.output(0), channels, factors)
    }
  }
}

/// Uniformly quantized integers cut off at quantized bounds.
struct UniformClip: PlannedOperation {
  static let opNames = ["UniformQuantizedClipByValue"]
  private let form: UniformForm

  init(_ node: NodeContext) throws { form = try UniformForm(node) }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    try UniformForm.check(context, shape, axis: form.axis, first: 3)
    for i in 1...2 where context.inputShape(i) != context.inputShape(3) {
      throw BNormError.invalid(
        "input \(i) has shape \(context.inputShape(i)), but input 3 (scales) has "
          + "\(context.inputShape(3))")
    }
    let channels = bnk_channels(shape, axis: form.axis)
    return .run { io in
      let x = io.input(0).assumingMemoryBound(to: Int32.self)
      let low = io.input(1).assumingMemoryBound(to: Int32.self)
      let high = io.input(2).assumingMemoryBound(to: Int32.self)
      let y = io.output(0).assumingMemoryBound(to: Int32.self)
      for row in 0..<channels.outer * channels.depth {
        let c = row % channels.depth
        for i in row * channels.inner..<(row + 1) * channels.inner {
          y[i] = min(max(x[i], low[c]), high[c])
        }
      }
    }
  }
}
