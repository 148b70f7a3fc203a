import BNormCore
import BNormTensor
import CBNormKernels

/// Several element-wise functions in a row, as TensorFlow's graph optimizer writes them.
struct UnaryComposition: PlannedOperation {
  static let opNames = ["_UnaryOpsComposition"]
  private let ops: [bnk_unary_op]

  init(_ node: NodeContext) throws {
    let dtype = node.inputDTypes[0]
    ops = try node.strings("op_names").map { name in
      guard let op = Unary.function(name.string), bnk_unary(op, dtype.kernel) != nil else {
        throw BNormError.unsupported("_UnaryOpsComposition of \(name.string) of \(dtype.name)")
      }
      return op
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) -> Kernel {
    let dtype = context.inputDType(0)
    let functions = ops.map { ($0, bnk_unary($0, dtype.kernel)!) }
    let count = context.inputShape(0).count
    let size = dtype.size
    if functions.isEmpty { return .alias(input: 0) }
    return .run(inPlace: [InPlace(input: 0, output: 0)]) { io in
      var x = io.input(0)
      let y = io.output(0)
      for (op, function) in functions {
        bnk_unary_parallel(function, op, size, size, x, y, count)
        x = UnsafeRawPointer(y)
      }
    }
  }
}
