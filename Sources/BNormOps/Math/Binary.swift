import BNormCore
import BNormTensor
import CBNormKernels

/// Element-wise functions of two tensors that broadcast against each other.
struct Binary: PlannedOperation {
  private static let table: [String: bnk_binary_op] = [
    "Add": BNK_BINARY_ADD, "AddV2": BNK_BINARY_ADD, "Sub": BNK_BINARY_SUB,
    "Mul": BNK_BINARY_MUL, "Div": BNK_BINARY_DIV, "RealDiv": BNK_BINARY_DIV,
    "FloorDiv": BNK_BINARY_FLOOR_DIV, "FloorMod": BNK_BINARY_FLOOR_MOD,
    "Mod": BNK_BINARY_TRUNCATE_MOD, "TruncateMod": BNK_BINARY_TRUNCATE_MOD,
    "TruncateDiv": BNK_BINARY_TRUNCATE_DIV, "DivNoNan": BNK_BINARY_DIV_NO_NAN,
    "MulNoNan": BNK_BINARY_MUL_NO_NAN, "Xdivy": BNK_BINARY_XDIVY, "Xlogy": BNK_BINARY_XLOGY,
    "Xlog1py": BNK_BINARY_XLOG1PY, "Pow": BNK_BINARY_POW, "Maximum": BNK_BINARY_MAXIMUM,
    "Minimum": BNK_BINARY_MINIMUM, "SquaredDifference": BNK_BINARY_SQUARED_DIFFERENCE,
    "Atan2": BNK_BINARY_ATAN2, "NextAfter": BNK_BINARY_NEXT_AFTER,
    "BitwiseAnd": BNK_BINARY_BITWISE_AND, "BitwiseOr": BNK_BINARY_BITWISE_OR,
    "BitwiseXor": BNK_BINARY_BITWISE_XOR, "LeftShift": BNK_BINARY_LEFT_SHIFT,
    "RightShift": BNK_BINARY_RIGHT_SHIFT, "Igamma": BNK_BINARY_IGAMMA,
    "Igammac": BNK_BINARY_IGAMMAC, "IgammaGradA": BNK_BINARY_IGAMMA_GRAD_A,
    "RandomGammaGrad": BNK_BINARY_RANDOM_GAMMA_GRAD, "Zeta": BNK_BINARY_ZETA,
    "Polygamma": BNK_BINARY_POLYGAMMA, "Less": BNK_BINARY_LESS,
    "LessEqual": BNK_BINARY_LESS_EQUAL, "Greater": BNK_BINARY_GREATER,
    "GreaterEqual": BNK_BINARY_GREATER_EQUAL, "LogicalAnd": BNK_BINARY_LOGICAL_AND,
    "LogicalOr": BNK_BINARY_LOGICAL_OR, "Complex": BNK_BINARY_COMPLEX,
  ]
  static var opNames: [String] { Array(table.keys).filter { $0 != "Add" } }

  private let op: bnk_binary_op

  init(_ node: NodeContext) throws {
    op = Binary.table[node.op]!
    let dtype = node.inputDTypes[0]
    guard bnk_binary(op, dtype.kernel) != nil else {
      throw BNormError.unsupported("\(node.op) of \(dtype.name)")
    }
    if op == BNK_BINARY_COMPLEX {
      let wanted: DType = dtype == .float ? .complex64 : .complex128
      guard node.outputDTypes[0] == wanted else {
        throw BNormError.unsupported("Complex of \(dtype.name) to \(node.outputDTypes[0].name)")
      }
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    [try broadcastShape(inputs[0].shape, inputs[1].shape)]
  }

  func lower(_ context: Lowering) throws -> Kernel { try lowerBinary(op, context) }
}

/// The shape of the output, or an error that shows both sides.
func broadcastShape(_ a: PartialShape, _ b: PartialShape) throws -> PartialShape {
  guard let shape = a.broadcast(b) else {
    throw BNormError.invalid(
      "input 0 has shape \(a) and input 1 has shape \(b), which do not broadcast")
  }
  if let full = shape.dimensions, full.allSatisfy({ $0 >= 0 }) { _ = try Shape(checking: full) }
  return shape
}

/// A kernel for `op` over inputs 0 and 1, whose shapes broadcast.
func lowerBinary(_ op: bnk_binary_op, _ context: Lowering) throws -> Kernel {
  let dtype = context.inputDType(0)
  guard let function = bnk_binary(op, dtype.kernel) else {
    throw BNormError.unsupported("a function of \(dtype.name)")
  }
  let a = context.inputShape(0)
  let b = context.inputShape(1)
  let plan = try broadcastPlan(a, b)
  let size = dtype.size
  let outSize = context.outputDType(0).size
  let grain = bnk_binary_grain(op)
  var inPlace: [InPlace] = []
  if size == outSize {
    if a.count == plan.count { inPlace.append(InPlace(input: 0, output: 0)) }
    if b.count == plan.count { inPlace.append(InPlace(input: 1, output: 0)) }
  }
  return .run(inPlace: inPlace) { io in
    var error: Int32 = 0
    withUnsafePointer(to: plan) {
      bnk_broadcast_run(
        $0, function, size, outSize, grain, io.input(0), io.input(1), io.output(0), &error)
    }
    if error != 0 { try checkKernelError(error) }
  }
}

func broadcastPlan(_ a: Shape, _ b: Shape) throws -> bnk_broadcast {
  var plan = bnk_broadcast()
  let fits = a.dimensions.map(Int64.init).withUnsafeBufferPointer { ad in
    b.dimensions.map(Int64.init).withUnsafeBufferPointer { bd in
      bnk_broadcast_plan(
        &plan, ad.baseAddress, Int32(ad.count), bd.baseAddress, Int32(bd.count))
    }
  }
  guard fits != 0 else {
    throw BNormError.unsupported("broadcasting shape \(a) against shape \(b)")
  }
  return plan
}
