import BNormCore
import BNormTensor
import CBNormLinalg

/// A function of square matrices whose value is a matrix of the same size.
struct MatrixFunction: PlannedOperation {
  static let opNames = [
    "Cholesky", "BatchCholesky", "MatrixInverse", "BatchMatrixInverse", "MatrixExponential",
    "MatrixLogarithm", "MatrixSquareRoot",
  ]
  let op: bla_op
  let adjoint: Bool

  init(_ node: NodeContext) throws {
    switch node.op {
    case "Cholesky", "BatchCholesky": op = BLA_CHOLESKY
    case "MatrixExponential": op = BLA_EXPONENTIAL
    case "MatrixLogarithm": op = BLA_LOGARITHM
    case "MatrixSquareRoot": op = BLA_SQUARE_ROOT
    default: op = BLA_INVERSE
    }
    adjoint = op == BLA_INVERSE ? try node.bool("adjoint") : false
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try Matrices.requireSquare(inputs[0].shape, "input 0 (input)")
    return [inputs[0].shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    var call = try LinalgCall(op, context.inputDType(0))
    try call.setSizes(batch: Matrices.count(shape), m: shape[shape.rank - 1], n: shape[shape.rank - 1])
    call.adjoint = adjoint
    let made = call
    guard context.inputDType(0) == .half else {
      return .run { io in try made.run(io.input(0), x: io.output(0)) }
    }
    return HalfMatrices.kernel(count: shape.count, outputs: [shape.count]) { a, x in
      try made.run(a, x: x[0])
    }
  }
}

/// Runs a computation on halves in float.
enum HalfMatrices {
  static func kernel(
    count: Int, outputs: [Int],
    _ body: @escaping @Sendable (UnsafeRawPointer, [UnsafeMutableRawPointer]) throws -> Void
  ) -> Kernel {
    let total = count + outputs.reduce(0, +)
    return .function(
      KernelFunction(scratchBytes: 4 * total) { io in
        let scratch = io.scratch(outputs: outputs.count).assumingMemoryBound(to: Float.self)
        let input = io.input(0).assumingMemoryBound(to: Float16.self)
        for i in 0..<count { scratch[i] = Float(input[i]) }
        var results: [UnsafeMutablePointer<Float>] = []
        var next = scratch + count
        for size in outputs {
          results.append(next)
          next += size
        }
        try body(scratch, results.map { UnsafeMutableRawPointer($0) })
        for (i, size) in outputs.enumerated() {
          let out = io.output(i).assumingMemoryBound(to: Float16.self)
          for j in 0..<size { out[j] = Float16(results[i][j]) }
        }
      })
  }
}

/// The gradient of a Cholesky factor (input 0) with gradient input 1.
struct CholeskyGrad: PlannedOperation {
  static let opNames = ["CholeskyGrad", "BatchCholeskyGrad"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try Matrices.requireSquare(inputs[0].shape, "input 0 (l)")
    try Matrices.requireSquare(inputs[1].shape, "input 1 (grad)")
    guard let merged = inputs[0].shape.merged(inputs[1].shape) else {
      throw BNormError.invalid(
        "input 0 (l) has shape \(inputs[0].shape), but input 1 (grad) has shape \(inputs[1].shape)")
    }
    return [merged]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    var call = try LinalgCall(BLA_CHOLESKY_GRAD, context.inputDType(0))
    try call.setSizes(batch: Matrices.count(shape), n: shape[shape.rank - 1])
    let made = call
    return .run { io in try made.run(io.input(0), io.input(1), x: io.output(0)) }
  }
}

/// Determinants, or their signs and the logarithms of their magnitudes.
struct MatrixDeterminant: PlannedOperation {
  static let opNames = ["MatrixDeterminant", "BatchMatrixDeterminant", "LogMatrixDeterminant"]
  let isLogarithm: Bool

  init(_ node: NodeContext) throws { isLogarithm = node.op == "LogMatrixDeterminant" }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try Matrices.requireSquare(inputs[0].shape, "input 0 (input)")
    let shape = PartialShape(Matrices.batch(inputs[0].shape))
    return isLogarithm ? [shape, shape] : [shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    var call = try LinalgCall(
      isLogarithm ? BLA_LOG_DETERMINANT : BLA_DETERMINANT, context.inputDType(0))
    try call.setSizes(batch: Matrices.count(shape), n: shape[shape.rank - 1])
    let made = call
    let isLogarithm = isLogarithm
    return .run { io in
      try made.run(io.input(0), x: io.output(0), y: isLogarithm ? io.output(1) : nil)
    }
  }
}
