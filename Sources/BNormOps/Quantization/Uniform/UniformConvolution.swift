import BNormCore
import BNormTensor
import CBNormKernels

/// Convolutions of uniformly quantized bytes; in the hybrid form the left side is quantized on the
/// fly, one batch after the other, and the result is float.
struct UniformConvolution: PlannedOperation {
  static let opNames = ["UniformQuantizedConvolution", "UniformQuantizedConvolutionHybrid"]
  private let window: UniformWindow
  private let rhsForm: UniformForm
  private let output: UniformForm?

  init(_ node: NodeContext) throws {
    window = try UniformWindow(node)
    rhsForm = try UniformForm(node, "rhs_")
    let isHybrid = node.op.hasSuffix("Hybrid")
    output = isHybrid ? nil : try UniformForm(node, "output_")
    if !isHybrid, try UniformForm(node, "lhs_").axis != -1 {
      throw BNormError.invalid("attribute lhs_quantization_axis is not -1")
    }
  }

  private var rhs: Int { output == nil ? 2 : 4 }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard let input = inputs[0].shape.full, let kernel = inputs[1].shape.full else {
      let rank = inputs[0].shape.rank ?? inputs[1].shape.rank
      return [rank.map { .unknown(rank: $0) } ?? .unknown]
    }
    return [PartialShape(try Shape(checking: try window.geometry(input, kernel).outputShape))]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let (x, w) = (context.inputShape(0), context.inputShape(1))
    let geometry = try window.geometry(x, w)
    let out = context.outputShape(0)
    guard rhsForm.axis == -1 || rhsForm.axis == geometry.kernel.first else {
      throw BNormError.invalid(
        "attribute rhs_quantization_axis is \(rhsForm.axis), expected -1 or "
          + "\(geometry.kernel.first)")
    }
    try UniformForm.check(context, w, axis: rhsForm.axis, first: rhs)
    if let output {
      try UniformForm.check(context, x, axis: -1, first: 2)
      guard output.axis == -1 || output.axis == geometry.output.features else {
        throw BNormError.invalid(
          "attribute output_quantization_axis is \(output.axis), expected -1 or "
            + "\(geometry.output.features)")
      }
      try UniformForm.check(context, out, axis: output.axis, first: 6)
      guard rhsForm.axis >= 0 || output.axis < 0 else {
        throw BNormError.invalid("the output is quantized along an axis, but input 1 is not")
      }
    }
    let plan = UniformConvolutionPlan(
      geometry, input: x, kernel: w, batchGroups: window.batchGroups,
      featureGroups: window.featureGroups)
    let (rhs, rhsAxis, output) = (rhs, rhsForm.axis, output)
    let rhsCount = context.inputShape(rhs).count
    let outCount = output == nil ? 0 : context.inputShape(6).count
    let bytes = try plan.scratchBytes()
    return .function(
      KernelFunction(scratchBytes: bytes) { io in
        let scratch = io.scratch(outputs: 1).bindMemory(to: Int32.self, capacity: bytes / 4)
        let scales = UniformScales(io, rhs, count: rhsCount)
        try scales.requirePositive(rhs)
        plan.takeKernel(
          io.input(1).assumingMemoryBound(to: Int8.self), scales, perChannel: rhsAxis >= 0, scratch)
        guard let output else {
          let rows = plan.takeFloats(io.input(0).assumingMemoryBound(to: Float.self), scratch)
          let y = io.output(0).assumingMemoryBound(to: Float.self)
          plan.run(scratch) { at, batch, feature, sum in
            y[at] = Float(sum) * rows[batch] * scales.scale(rhsAxis < 0 ? 0 : feature)
          }
          return
        }
        let lhs = UniformScales(io, 2, count: 1)
        try lhs.requirePositive(2)
        let after = UniformScales(io, 6, count: outCount)
        try after.requirePositive(6)
        plan.takeBytes(io.input(0).assumingMemoryBound(to: Int8.self), zero: lhs.zeros[0], scratch)
        let factors = try uniformFactors(lhs, scales, after, output)
        let y = io.output(0).assumingMemoryBound(to: Int32.self)
        plan.run(scratch) { at, _, feature, sum in
          y[at] = factors[factors.count == 1 ? 0 : feature].apply(sum)
        }
      })
  }
}
