import BNormCore
import BNormTensor
import CBNormKernels

/// Sums of uniformly quantized integers.
struct UniformAdd: PlannedOperation {
  static let opNames = ["UniformQuantizedAdd"]
  private let forms: [UniformForm]
  private let output: UniformForm

  init(_ node: NodeContext) throws {
    forms = [try UniformForm(node, "lhs_"), try UniformForm(node, "rhs_")]
    output = try UniformForm(node, "output_")
    guard output.low <= output.high else {
      throw BNormError.invalid(
        "attribute output_quantization_min_val is \(output.low), expected at most "
          + "output_quantization_max_val, which is \(output.high)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard let shape = inputs[0].shape.broadcast(inputs[1].shape) else {
      throw BNormError.invalid(
        "input 0 (lhs) has shape \(inputs[0].shape) and input 1 (rhs) has \(inputs[1].shape), "
          + "which do not broadcast")
    }
    return [shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shapes = [context.inputShape(0), context.inputShape(1)]
    let out = context.outputShape(0)
    try UniformForm.check(context, out, axis: output.axis, first: 6)
    let outDepth = context.inputShape(6).count
    var channels: [bnk_channels] = []
    for (i, shape) in shapes.enumerated() {
      let axis = forms[i].axis
      try UniformForm.check(context, shape, axis: axis, first: 2 + 2 * i)
      if axis >= 0, output.axis >= 0, shape.rank - axis != out.rank - output.axis {
        throw BNormError.invalid(
          "input \(i) is quantized along axis \(axis) of \(shape), but the output along axis "
            + "\(output.axis) of \(out)")
      }
      // The slices of the right side are those of the output, where it has none itself.
      let sliced = axis < 0 && i == 1 ? output.axis : axis
      guard output.axis < 0 || sliced >= 0, sliced < shape.rank,
        output.axis < 0 || shape[sliced] <= outDepth
      else {
        throw BNormError.unsupported(
          "input \(i) of shape \(shape) quantized along axis \(axis), with an output along axis "
            + "\(output.axis)")
      }
      channels.append(bnk_channels(shape, axis: sliced))
    }
    let counts = [context.inputShape(2).count, context.inputShape(4).count]
    let strides = shapes.map { broadcastStrides($0, to: out) }
    let (form, slices) = (output, channels)
    return .function(
      KernelFunction(scratchBytes: 4 * (shapes[0].count + shapes[1].count)) { io in
        let after = UniformScales(io, 6, count: outDepth)
        try after.requirePositive(6)
        let scratch = io.scratch(outputs: 1)
          .bindMemory(to: Int32.self, capacity: shapes[0].count + shapes[1].count)
        let sides = [scratch, scratch + shapes[0].count]
        for i in 0..<2 {
          let before = UniformScales(io, 2 + 2 * i, count: counts[i])
          try before.requirePositive(2 + 2 * i)
          let factors = try (0..<slices[i].depth).map { c in
            try bnk_fixed_scale(
              Double(before.scale(c)) / Double(after.scale(c)), zero: before.zero(c), offset: 0,
              low: .min, high: .max)
          }
          let code = DType.qint32.code
          bnk_rescale(code, io.input(i), code, sides[i], slices[i], factors)
        }
        let y = io.output(0).assumingMemoryBound(to: Int32.self)
        var place = [Int](repeating: 0, count: out.rank)
        var (a, b) = (0, 0)
        for i in 0..<out.count {
          let zero = after.zero(form.axis < 0 ? 0 : place[form.axis])
          y[i] = min(max(sides[0][a] &+ sides[1][b] &+ zero, form.low), form.high)
          var d = out.rank - 1
          while d >= 0 {
            place[d] += 1
            a += strides[0][d]
            b += strides[1][d]
            if place[d] < out[d] { break }
            a -= strides[0][d] * out[d]
            b -= strides[1][d] * out[d]
            place[d] = 0
            d -= 1
          }
        }
      })
  }
}

/// Strides of `shape` in the dimensions of `out`; 0 where it is repeated.
private func broadcastStrides(_ shape: Shape, to out: Shape) -> [Int] {
  let strides = shape.strides
  return (0..<out.rank).map { i in
    let k = i - (out.rank - shape.rank)
    return k < 0 || shape[k] == 1 ? 0 : strides[k]
  }
}
