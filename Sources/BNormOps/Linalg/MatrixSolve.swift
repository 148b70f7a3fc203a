import BNormCore
import BNormTensor
import CBNormLinalg

/// Linear equations for batches of matrices with the same leading dimensions.
struct MatrixSolve: PlannedOperation {
  static let opNames = ["MatrixSolve", "BatchMatrixSolve", "TridiagonalSolve"]
  let isTridiagonal: Bool
  let adjoint: Bool
  let pivots: Bool
  let perturbs: Bool

  init(_ node: NodeContext) throws {
    isTridiagonal = node.op == "TridiagonalSolve"
    adjoint = isTridiagonal ? false : try node.bool("adjoint")
    pivots = isTridiagonal ? try node.bool("partial_pivoting") : false
    perturbs = isTridiagonal ? try node.bool("perturb_singular") : false
    guard pivots || !perturbs else {
      throw BNormError.invalid("attribute perturb_singular requires partial_pivoting")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let a = inputs[0].shape, b = inputs[1].shape
    if isTridiagonal {
      try Matrices.require(a, "input 0 (diagonals)")
      if let rows = Matrices.rows(a), rows != 3 {
        throw BNormError.invalid("input 0 (diagonals) has shape \(a), expected 3 rows")
      }
    } else {
      try Matrices.requireSquare(a, "input 0 (matrix)")
    }
    try Matrices.require(b, "input 1 (rhs)")
    let batch = try Matrices.sameBatch(a, b)
    if let n = Matrices.columns(a), let rows = Matrices.rows(b), n != rows {
      throw BNormError.invalid(
        "input 0 has shape \(a), but input 1 (rhs) has shape \(b): \(n) equations meet \(rows) rows")
    }
    return [Matrices.shape(batch, Matrices.columns(a) ?? Matrices.rows(b), Matrices.columns(b))]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let b = context.inputShape(1)
    var call = try LinalgCall(
      isTridiagonal ? BLA_TRIDIAGONAL_SOLVE : BLA_SOLVE, context.inputDType(0))
    try call.setSizes(batch: Matrices.count(b), n: b[b.rank - 2], k: b[b.rank - 1])
    call.adjoint = adjoint
    call.pivots = pivots
    call.perturb = perturbs
    let made = call
    return .run { io in try made.run(io.input(0), io.input(1), x: io.output(0)) }
  }
}

/// Least-squares solutions; input 2 weighs the size of the solution.
struct MatrixSolveLs: PlannedOperation {
  static let opNames = ["MatrixSolveLs", "BatchMatrixSolveLs"]
  let fast: Bool

  init(_ node: NodeContext) throws { fast = try node.bool("fast") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let a = inputs[0].shape, b = inputs[1].shape
    try Matrices.require(a, "input 0 (matrix)")
    try Matrices.require(b, "input 1 (rhs)")
    try inputs[2].shape.requireRank(0, "input 2 (l2_regularizer)")
    let batch = try Matrices.sameBatch(a, b)
    if let m = Matrices.rows(a), let rows = Matrices.rows(b), m != rows {
      throw BNormError.invalid(
        "input 0 (matrix) has shape \(a), but input 1 (rhs) has shape \(b): their rows must agree")
    }
    return [Matrices.shape(batch, Matrices.columns(a), Matrices.columns(b))]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let a = context.inputShape(0), b = context.inputShape(1)
    var call = try LinalgCall(BLA_LEAST_SQUARES, context.inputDType(0))
    try call.setSizes(
      batch: Matrices.count(a), m: a[a.rank - 2], n: a[a.rank - 1], k: b[b.rank - 1])
    call.fast = fast
    let made = call
    return .run { io in
      var call = made
      call.regularizer = io.input(2).assumingMemoryBound(to: Double.self).pointee
      guard call.batch == 0 || call.regularizer >= 0 else {
        throw BNormError.invalid(
          "input 2 (l2_regularizer) is \(call.regularizer), but must not be negative")
      }
      try call.run(io.input(0), io.input(1), x: io.output(0))
    }
  }
}

/// Equations with triangular matrices, dense or as bands; leading dimensions spread.
struct MatrixTriangularSolve: PlannedOperation {
  static let opNames = [
    "MatrixTriangularSolve", "BatchMatrixTriangularSolve", "BandedTriangularSolve",
  ]
  let isBanded: Bool
  let lower: Bool
  let adjoint: Bool

  init(_ node: NodeContext) throws {
    isBanded = node.op == "BandedTriangularSolve"
    lower = try node.bool("lower")
    adjoint = try node.bool("adjoint")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let a = inputs[0].shape, b = inputs[1].shape
    if isBanded {
      try Matrices.require(a, "input 0 (bands)")
    } else {
      try Matrices.requireSquare(a, "input 0 (matrix)")
    }
    try Matrices.require(b, "input 1 (rhs)")
    let batch = try BatchBroadcast(a, b).shape
    if let n = Matrices.columns(a), let rows = Matrices.rows(b), n != rows {
      throw BNormError.invalid(
        "input 0 has shape \(a), but input 1 (rhs) has shape \(b): \(n) equations meet \(rows) rows")
    }
    return [Matrices.shape(batch, Matrices.columns(a) ?? Matrices.rows(b), Matrices.columns(b))]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let a = context.inputShape(0), b = context.inputShape(1), out = context.outputShape(0)
    if isBanded, a.count == 0 || b.count == 0 {
      throw BNormError.invalid("input 0 has shape \(a) and input 1 \(b), but they must not be empty")
    }
    var call = try LinalgCall(
      isBanded ? BLA_BANDED_SOLVE : BLA_TRIANGULAR_SOLVE, context.inputDType(0))
    guard out.count > 0 else { return .run { _ in } }
    try call.setSizes(
      batch: Matrices.count(out), m: a[a.rank - 2], n: a[a.rank - 1], k: b[b.rank - 1])
    call.lower = lower
    call.adjoint = adjoint
    let batch = Array(out.dimensions.dropLast(2))
    call.aIndex = BatchBroadcast.indices(a.dimensions.dropLast(2), in: batch)
    call.bIndex = BatchBroadcast.indices(b.dimensions.dropLast(2), in: batch)
    let made = call
    return .run { io in try made.run(io.input(0), io.input(1), x: io.output(0)) }
  }
}
