import BNormCore
import BNormTensor
import CBNormLinalg

/// The factors of matrices with row pivoting, packed into one matrix, and the permutation.
struct Lu: PlannedOperation {
  static let opNames = ["Lu"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let shape = inputs[0].shape
    try Matrices.requireSquare(shape, "input 0 (input)")
    return [shape, Matrices.shape(Matrices.batch(shape), Matrices.rows(shape))]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0), n = shape[shape.rank - 1]
    var call = try LinalgCall(BLA_LU, context.inputDType(0))
    try call.setSizes(batch: Matrices.count(shape), n: n)
    let made = call
    let isLong = context.outputDType(1) == .int64
    let count = made.batch * n
    return .function(
      KernelFunction(scratchBytes: isLong ? 4 * count : 0) { io in
        let permutation = isLong ? io.scratch(outputs: 2) : io.output(1)
        try made.run(io.input(0), x: io.output(0), y: permutation)
        guard isLong else { return }
        let from = permutation.assumingMemoryBound(to: Int32.self)
        let to = io.output(1).assumingMemoryBound(to: Int64.self)
        for i in 0..<count { to[i] = Int64(from[i]) }
      })
  }
}

/// An orthonormal and an upper triangular factor.
struct Qr: PlannedOperation {
  static let opNames = ["Qr"]
  let full: Bool

  init(_ node: NodeContext) throws { full = try node.bool("full_matrices") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let shape = inputs[0].shape
    try Matrices.require(shape, "input 0 (input)")
    let batch = Matrices.batch(shape), m = Matrices.rows(shape), n = Matrices.columns(shape)
    var p = m
    if !full { p = m.flatMap { m in n.map { min(m, $0) } } }
    return [Matrices.shape(batch, m, p), Matrices.shape(batch, p, n)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    var call = try LinalgCall(BLA_QR, context.inputDType(0))
    try call.setSizes(
      batch: Matrices.count(shape), m: shape[shape.rank - 2], n: shape[shape.rank - 1])
    call.full = full
    let made = call
    guard context.inputDType(0) == .half else {
      return .run { io in try made.run(io.input(0), x: io.output(0), y: io.output(1)) }
    }
    return HalfMatrices.kernel(
      count: shape.count, outputs: [context.outputShape(0).count, context.outputShape(1).count]
    ) { a, x in
      try made.run(a, x: x[0], y: x[1])
    }
  }
}

/// Singular values, and the vectors if asked for.
struct Svd: PlannedOperation {
  static let opNames = ["Svd", "BatchSvd"]
  let vectors: Bool
  let full: Bool

  init(_ node: NodeContext) throws {
    vectors = try node.bool("compute_uv")
    full = try node.bool("full_matrices")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let shape = inputs[0].shape
    try Matrices.require(shape, "input 0 (input)")
    let batch = Matrices.batch(shape), m = Matrices.rows(shape), n = Matrices.columns(shape)
    let small = m.flatMap { m in n.map { min(m, $0) } }
    let values = Matrices.shape(batch, small)
    guard vectors else { return [values, PartialShape([0]), PartialShape([0])] }
    return [
      values, Matrices.shape(batch, m, full ? m : small),
      Matrices.shape(batch, n, full ? n : small),
    ]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    var call = try LinalgCall(BLA_SVD, context.inputDType(0))
    try call.setSizes(
      batch: Matrices.count(shape), m: shape[shape.rank - 2], n: shape[shape.rank - 1])
    call.full = full
    call.vectors = vectors
    let made = call
    return .run { io in
      try made.run(io.input(0), x: io.output(0), y: io.output(1), z: io.output(2))
    }
  }
}

/// Eigenvalues of self-adjoint matrices in rising order, and the vectors if asked for.
struct SelfAdjointEig: PlannedOperation {
  static let opNames = [
    "SelfAdjointEigV2", "BatchSelfAdjointEigV2", "SelfAdjointEig", "BatchSelfAdjointEig",
  ]
  let vectors: Bool
  /// The first version puts the values above the vectors in one output.
  let isStacked: Bool

  init(_ node: NodeContext) throws {
    isStacked = !node.op.hasSuffix("V2")
    vectors = isStacked ? true : try node.bool("compute_v")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let shape = inputs[0].shape
    try Matrices.requireSquare(shape, "input 0 (input)")
    let batch = Matrices.batch(shape), n = Matrices.rows(shape)
    if isStacked { return [Matrices.shape(batch, n.map { $0 + 1 }, n)] }
    return [Matrices.shape(batch, n), vectors ? shape : PartialShape([0])]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0), n = shape[shape.rank - 1]
    let size = context.inputDType(0).size
    var call = try LinalgCall(BLA_EIGEN_SELF_ADJOINT, context.inputDType(0))
    try call.setSizes(batch: Matrices.count(shape), n: n)
    call.vectors = vectors
    let made = call
    guard isStacked else {
      return .run { io in try made.run(io.input(0), x: io.output(0), y: io.output(1)) }
    }
    let batch = made.batch
    return .function(
      KernelFunction(scratchBytes: batch * n * (n + 1) * size) { io in
        let values = io.scratch(outputs: 1), vectors = values + batch * n * size
        try made.run(io.input(0), x: values, y: vectors)
        for i in 0..<batch {
          let out = io.output(0) + i * n * (n + 1) * size
          out.copyMemory(from: values + i * n * size, byteCount: n * size)
          (out + n * size).copyMemory(from: vectors + i * n * n * size, byteCount: n * n * size)
        }
      })
  }
}

/// Eigenvalues of any square matrices, and the vectors if asked for; both complex.
struct Eig: PlannedOperation {
  static let opNames = ["Eig"]
  let vectors: Bool

  init(_ node: NodeContext) throws {
    vectors = try node.bool("compute_v")
    let wide = node.inputDTypes[0] == .float || node.inputDTypes[0] == .complex64
    let expected: DType = wide ? .complex64 : .complex128
    guard node.outputDTypes[0] == expected else {
      throw BNormError.invalid(
        "attribute Tout is \(node.outputDTypes[0].name), but T is \(node.inputDTypes[0].name)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let shape = inputs[0].shape
    try Matrices.requireSquare(shape, "input 0 (input)")
    return [
      Matrices.shape(Matrices.batch(shape), Matrices.rows(shape)),
      vectors ? shape : PartialShape([0]),
    ]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    var call = try LinalgCall(BLA_EIGEN, context.inputDType(0))
    try call.setSizes(batch: Matrices.count(shape), n: shape[shape.rank - 1])
    call.vectors = vectors
    let made = call
    return .run { io in try made.run(io.input(0), x: io.output(0), y: io.output(1)) }
  }
}
