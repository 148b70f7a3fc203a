import BNormCore
import BNormTensor
import CBNormKernels

/// Softmax of the last dimension, or its logarithm.
struct Softmax: PlannedOperation {
  static let opNames = ["Softmax", "LogSoftmax"]
  let isLogarithm: Bool

  init(_ node: NodeContext) { isLogarithm = node.op == "LogSoftmax" }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 1, "input 0 (logits)")
    return [inputs[0].shape]
  }

  func lower(_ context: Lowering) -> Kernel {
    let logarithm: Int32 = isLogarithm ? 1 : 0
    let shape = context.inputShape(0)
    let columns = shape[shape.rank - 1]
    let rows = shape.product(0..<(shape.rank - 1))
    let dtype = bnk_dtype(rawValue: UInt32(context.inputDType(0).rawValue))
    return .run(inPlace: [InPlace(input: 0, output: 0)]) { io in
      guard columns > 0 else { return }
      _ = bnk_softmax(dtype, logarithm, io.input(0), io.output(0), rows, columns)
    }
  }
}
