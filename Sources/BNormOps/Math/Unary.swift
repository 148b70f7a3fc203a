import BNormCore
import BNormTensor
import CBNormKernels

/// Element-wise functions of one tensor.
struct Unary: PlannedOperation {
  private static let table: [String: bnk_unary_op] = [
    "Abs": BNK_UNARY_ABS, "Neg": BNK_UNARY_NEG, "Sign": BNK_UNARY_SIGN,
    "Square": BNK_UNARY_SQUARE, "Sqrt": BNK_UNARY_SQRT, "Rsqrt": BNK_UNARY_RSQRT,
    "Inv": BNK_UNARY_RECIPROCAL, "Reciprocal": BNK_UNARY_RECIPROCAL, "Exp": BNK_UNARY_EXP,
    "Expm1": BNK_UNARY_EXPM1, "Log": BNK_UNARY_LOG, "Log1p": BNK_UNARY_LOG1P,
    "Sin": BNK_UNARY_SIN, "Cos": BNK_UNARY_COS, "Tan": BNK_UNARY_TAN, "Asin": BNK_UNARY_ASIN,
    "Acos": BNK_UNARY_ACOS, "Atan": BNK_UNARY_ATAN, "Sinh": BNK_UNARY_SINH,
    "Cosh": BNK_UNARY_COSH, "Tanh": BNK_UNARY_TANH, "Asinh": BNK_UNARY_ASINH,
    "Acosh": BNK_UNARY_ACOSH, "Atanh": BNK_UNARY_ATANH, "Floor": BNK_UNARY_FLOOR,
    "Ceil": BNK_UNARY_CEIL, "Rint": BNK_UNARY_ROUND, "Round": BNK_UNARY_ROUND,
    "Sigmoid": BNK_UNARY_SIGMOID, "Softplus": BNK_UNARY_SOFTPLUS,
    "Softsign": BNK_UNARY_SOFTSIGN, "Elu": BNK_UNARY_ELU, "Selu": BNK_UNARY_SELU,
    "Relu": BNK_UNARY_RELU, "Relu6": BNK_UNARY_RELU6, "Erf": BNK_UNARY_ERF,
    "Erfc": BNK_UNARY_ERFC, "Erfinv": BNK_UNARY_ERFINV, "Ndtri": BNK_UNARY_NDTRI,
    "Lgamma": BNK_UNARY_LGAMMA, "Digamma": BNK_UNARY_DIGAMMA,
    "BesselI0": BNK_UNARY_BESSEL_I0, "BesselI0e": BNK_UNARY_BESSEL_I0E,
    "BesselI1": BNK_UNARY_BESSEL_I1, "BesselI1e": BNK_UNARY_BESSEL_I1E,
    "BesselJ0": BNK_UNARY_BESSEL_J0, "BesselJ1": BNK_UNARY_BESSEL_J1,
    "BesselK0": BNK_UNARY_BESSEL_K0, "BesselK0e": BNK_UNARY_BESSEL_K0E,
    "BesselK1": BNK_UNARY_BESSEL_K1, "BesselK1e": BNK_UNARY_BESSEL_K1E,
    "BesselY0": BNK_UNARY_BESSEL_Y0, "BesselY1": BNK_UNARY_BESSEL_Y1,
    "Dawsn": BNK_UNARY_DAWSN, "Expint": BNK_UNARY_EXPINT,
    "FresnelSin": BNK_UNARY_FRESNEL_SIN, "FresnelCos": BNK_UNARY_FRESNEL_COS,
    "Spence": BNK_UNARY_SPENCE, "IsNan": BNK_UNARY_IS_NAN, "IsInf": BNK_UNARY_IS_INF,
    "IsFinite": BNK_UNARY_IS_FINITE, "LogicalNot": BNK_UNARY_LOGICAL_NOT,
    "Invert": BNK_UNARY_INVERT, "PopulationCount": BNK_UNARY_POPULATION_COUNT,
    "Conj": BNK_UNARY_CONJ, "ComplexAbs": BNK_UNARY_COMPLEX_ABS, "Real": BNK_UNARY_REAL,
    "Imag": BNK_UNARY_IMAG, "Angle": BNK_UNARY_ANGLE,
  ]
  static var opNames: [String] { Array(table.keys) }

  /// The function that the op `name` computes.
  static func function(_ name: String) -> bnk_unary_op? { table[name] }

  private let op: bnk_unary_op

  init(_ node: NodeContext) throws {
    op = Unary.table[node.op]!
    let input = node.inputDTypes[0]
    guard bnk_unary(op, input.kernel) != nil else {
      throw BNormError.unsupported("\(node.op) of \(input.name)")
    }
    if input.isComplex {
      let real: DType = input == .complex64 ? .float : .double
      guard node.outputDTypes[0] == input || node.outputDTypes[0] == real else {
        throw BNormError.unsupported(
          "\(node.op) of \(input.name) to \(node.outputDTypes[0].name)")
      }
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) throws -> Kernel {
    let op = op
    let count = context.inputShape(0).count
    let inSize = context.inputDType(0).size
    let outSize = context.outputDType(0).size
    guard let function = bnk_unary(op, context.inputDType(0).kernel) else {
      throw BNormError.unsupported("a function of \(context.inputDType(0).name)")
    }
    return .run(inPlace: inSize == outSize ? [InPlace(input: 0, output: 0)] : []) { io in
      bnk_unary_parallel(function, op, inSize, outSize, io.input(0), io.output(0), count)
    }
  }
}

/// x > 0 ? x : alpha * x.
struct LeakyRelu: PlannedOperation, ParameterizedActivation {
  static let opNames = ["LeakyRelu"]
  private let alpha: Float
  var activationParameter: Float { alpha }

  init(_ node: NodeContext) throws {
    alpha = try node.float("alpha")
    guard bnk_leaky_relu(node.inputDTypes[0].kernel) != nil else {
      throw BNormError.unsupported("LeakyRelu of \(node.inputDTypes[0].name)")
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) -> Kernel {
    let function = bnk_leaky_relu(context.inputDType(0).kernel)!
    let alpha = alpha
    let size = context.inputDType(0).size
    let count = context.inputShape(0).count
    return .run(inPlace: [InPlace(input: 0, output: 0)]) { io in
      let x = io.input(0)
      let y = io.output(0)
      parallelFor(count, grain: 32768) { range in
        function(x + range.lowerBound * size, y + range.lowerBound * size, range.count, alpha)
      }
    }
  }
}
