import BNormCore
import BNormTensor
import CBNormKernels

/// A bias added to each row of quantized values, as int32.
struct QuantizedBiasAdd: PlannedOperation {
  static let opNames = ["QuantizedBiasAdd"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try requireScalars(inputs, 2..<6)
    try inputs[0].shape.requireRank(atLeast: 2, "input 0")
    try inputs[1].shape.requireRank(1, "input 1 (bias)")
    if let rank = inputs[0].shape.rank, let depth = inputs[0].shape[rank - 1],
      let count = inputs[1].shape[0], depth != count
    {
      throw BNormError.invalid(
        "input 1 (bias) has \(count) elements, but input 0 has shape \(inputs[0].shape)")
    }
    return [inputs[0].shape, .scalar, .scalar]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let count = context.inputShape(0).count
    let depth = context.inputShape(1).count
    let dtype = context.inputDType(0)
    guard depth > 0 else {
      throw BNormError.invalid("input 1 (bias) is empty, expected at least one element")
    }
    return .function(
      KernelFunction(scratchBytes: 4 * depth) { io in
        let (x, bias) = (io.range(dtype, 2), io.range(dtype, 4))
        let limit = max(x.max, max(-x.min, max(bias.max, -bias.min))) * 131072
        let sum = QuantizedRange(.qint32, -limit, limit)
        let code = DType.qint32.code
        bnk_requantize(
          dtype.code, io.input(0), code, io.output(0), count, x.affine, sum.quantizer)
        let scratch = io.scratch(outputs: 3)
        bnk_requantize(dtype.code, io.input(1), code, scratch, depth, bias.affine, sum.quantizer)
        let zero = Int32(truncatingIfNeeded: sum.quantized(0))
        let added = scratch.bindMemory(to: Int32.self, capacity: depth)
        for c in 0..<depth { added[c] = added[c] &+ zero }
        let out = io.output(0).assumingMemoryBound(to: Int32.self)
        for row in 0..<count / depth {
          for c in 0..<depth { out[row * depth + c] = out[row * depth + c] &+ added[c] }
        }
        io.storeRange(-limit, limit)
      })
  }
}
