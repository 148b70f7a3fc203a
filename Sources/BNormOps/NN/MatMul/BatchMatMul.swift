import BNormCore
import BNormTensor

/// Products of matrices whose leading dimensions are a batch.
struct BatchMatMul: PlannedOperation {
  static let opNames = ["BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"]
  let adjointX: Bool
  let adjointY: Bool
  /// The batches are brought to a common shape; otherwise they must be equal.
  let broadcasts: Bool
  /// For a y that is one matrix: its inputs follow the two factors.
  var epilogue = Epilogue.none
  var scale: Tensor?

  init(_ node: NodeContext) throws {
    adjointX = try node.bool("adj_x")
    adjointY = try node.bool("adj_y")
    broadcasts = node.op != "BatchMatMul"
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let (xShape, yShape) = (inputs[0].shape, inputs[1].shape)
    try xShape.requireRank(atLeast: 2, "input 0 (x)")
    try yShape.requireRank(atLeast: 2, "input 1 (y)")
    guard let x = xShape.dimensions, let y = yShape.dimensions else { return [.unknown] }
    let (xRank, yRank) = (x.count, y.count)
    let (m, k0) = adjointX ? (x[xRank - 1], x[xRank - 2]) : (x[xRank - 2], x[xRank - 1])
    let (k1, n) = adjointY ? (y[yRank - 1], y[yRank - 2]) : (y[yRank - 2], y[yRank - 1])
    guard k0 < 0 || k1 < 0 || k0 == k1 else {
      throw BNormError.invalid(
        "input 0 (x) has shape \(xShape)\(adjointX ? " adjoint" : "") and input 1 (y) has shape "
          + "\(yShape)\(adjointY ? " adjoint" : ""): \(k0) columns meet \(k1) rows")
    }
    let batch = try BatchMatMul.batch(
      Array(x[..<(xRank - 2)]), Array(y[..<(yRank - 2)]), broadcasts: broadcasts
    ) {
      BNormError.invalid(
        "input 0 (x) has shape \(xShape) and input 1 (y) has shape \(yShape): the batches do not "
          + (broadcasts ? "broadcast" : "match"))
    }
    return [PartialShape(batch + [m, n])]
  }

  private static func batch(
    _ a: [Int], _ b: [Int], broadcasts: Bool, _ mismatch: () -> BNormError
  ) throws -> [Int] {
    guard broadcasts || a.count == b.count else { throw mismatch() }
    let rank = max(a.count, b.count)
    let pad = { (d: [Int]) in [Int](repeating: 1, count: rank - d.count) + d }
    return try zip(pad(a), pad(b)).map { p, q in
      if p == q { return p }
      if p < 0 || q < 0 {
        if !broadcasts { return max(p, q) }
        return max(p, q) > 1 ? max(p, q) : -1
      }
      guard broadcasts, p == 1 || q == 1 else { throw mismatch() }
      return p == 1 ? q : p
    }
  }

  func lower(_ context: Lowering) throws -> Kernel {
    try HalfBridge.lower(context) { context in
      try WideningBridge.lower(context) { try kernel($0) }
    }
  }

  private func kernel(_ context: Lowering) throws -> Kernel {
    let x = context.inputShape(0).dimensions
    let y = context.inputShape(1).dimensions
    let out = context.outputShape(0).dimensions
    let (m, n) = (out[out.count - 2], out[out.count - 1])
    let k = x[x.count - (adjointX ? 2 : 1)]
    let xBatch = x[..<(x.count - 2)].reduce(1, *)
    let yBatch = y[..<(y.count - 2)].reduce(1, *)
    let batch = out[..<(out.count - 2)].reduce(1, *)
    // One y for all: the matrices x are one tall matrix.
    if yBatch == 1, xBatch == batch, !adjointX || batch == 1 {
      return try MatrixProduct(
        m: m * batch, n: n, k: k, transposesA: adjointX, transposesB: adjointY, conjugates: true,
        epilogue: epilogue, scale: scale
      ).kernel(context)
    }
    guard epilogue.isNothing, scale == nil else {
      throw BNormError.unsupported("an epilogue of a product of batches")
    }
    return try context.inputDType(0).visitGemm(
      Batches(
        m: m, n: n, k: k, adjointX: adjointX, adjointY: adjointY,
        pairs: BatchMatMul.pairs(
          Array(x[..<(x.count - 2)]), Array(y[..<(y.count - 2)]), Array(out[..<(out.count - 2)]))))
  }

  /// For each matrix of the result the numbers of its factors.
  private static func pairs(_ x: [Int], _ y: [Int], _ out: [Int]) -> [(x: Int, y: Int)] {
    let count = out.reduce(1, *)
    func strides(_ d: [Int]) -> [Int] {
      var result = [Int](repeating: 0, count: out.count)
      var stride = 1
      for i in d.indices.reversed() {
        if d[i] != 1 { result[out.count - d.count + i] = stride }
        stride *= d[i]
      }
      return result
    }
    let (xs, ys) = (strides(x), strides(y))
    return (0..<count).map { index in
      var rest = index
      var pair = (x: 0, y: 0)
      for d in out.indices.reversed() {
        let at = rest % out[d]
        rest /= out[d]
        pair.x += at * xs[d]
        pair.y += at * ys[d]
      }
      return pair
    }
  }

  private struct Batches: GemmVisitor {
    let m: Int
    let n: Int
    let k: Int
    let adjointX: Bool
    let adjointY: Bool
    let pairs: [(x: Int, y: Int)]

    func visit<T: GemmElement>(_ type: T.Type) throws -> Kernel {
      try Gemm.prepare(m, n, k)
      let (m, n, k, adjointX, adjointY, pairs) = (m, n, k, adjointX, adjointY, pairs)
      // Large matrices are cut themselves; small ones are shared out.
      let parts = Gemm.parts(m, n, k)
      let cutsMatrices = parts.rows * parts.columns > 1 && pairs.count < 8
      let work = Double(pairs.count) * Double(m * n) * Double(max(k, 1))
      let shares = cutsMatrices ? 1 : max(1, min(16, min(pairs.count, Int(work / 200_000))))
      return .run(label: "gemm") { io in
        guard m > 0, n > 0 else { return }
        let x = io.input(0).assumingMemoryBound(to: T.self)
        let y = io.input(1).assumingMemoryBound(to: T.self)
        let out = io.output(0).assumingMemoryBound(to: T.self)
        Parallel.tasks(shares) { share in
          for i in Parallel.range(share, of: shares, count: pairs.count) {
            let a = MatrixView(
              pointer: x + pairs[i].x * m * k, rowStride: max(adjointX ? m : k, 1),
              isTransposed: adjointX, isConjugated: adjointX)
            let b = MatrixView(
              pointer: y + pairs[i].y * k * n, rowStride: max(adjointY ? k : n, 1),
              isTransposed: adjointY, isConjugated: adjointY)
            if cutsMatrices {
              Gemm.multiply(m, n, k, a, b, out + i * m * n, ldc: n)
            } else {
              T.gemm(m, n, k, a, b, out + i * m * n, ldc: n, accumulate: false)
            }
          }
        }
      }
    }
  }
}
