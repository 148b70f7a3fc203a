import BNormCore
import BNormTensor
import CBNormLinalg

/// One call of the linear algebra library but for the pointers.
struct LinalgCall: Sendable {
  var op: bla_op
  var type: bla_type
  var batch = 1
  var m = 0, n = 0, k = 0
  var lower = false, adjoint = false, full = false, vectors = false
  var fast = false, pivots = false, perturb = false
  var regularizer = 0.0
  /// Which matrix of input 0 and 1 is number i of the batch.
  var aIndex: [Int64]?
  var bIndex: [Int64]?

  init(_ op: bla_op, _ dtype: DType) throws {
    self.op = op
    switch dtype {
    case .float, .half: type = BLA_FLOAT
    case .double: type = BLA_DOUBLE
    case .complex64: type = BLA_COMPLEX64
    case .complex128: type = BLA_COMPLEX128
    default: throw BNormError.unsupported("linear algebra on dtype \(dtype.name)")
    }
  }

  /// Throws if a dimension is beyond what LAPACK counts with.
  mutating func setSizes(batch: Int, m: Int = 0, n: Int, k: Int = 0) throws {
    for size in [m, n, k] where size >= Int(Int32.max) {
      throw BNormError.unsupported("a matrix with \(size) rows or columns")
    }
    self.batch = batch
    self.m = m
    self.n = n
    self.k = k
  }

  func run(
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer? = nil, x: UnsafeMutableRawPointer,
    y: UnsafeMutableRawPointer? = nil, z: UnsafeMutableRawPointer? = nil
  ) throws {
    var failed = 0
    let status = withIndices(aIndex) { aIndex in
      withIndices(bIndex) { bIndex in
        var call = bla_call()
        call.op = op
        call.type = type
        call.batch = batch
        call.m = Int32(m)
        call.n = Int32(n)
        call.k = Int32(k)
        call.lower = lower ? 1 : 0
        call.adjoint = adjoint ? 1 : 0
        call.full = full ? 1 : 0
        call.vectors = vectors ? 1 : 0
        call.fast = fast ? 1 : 0
        call.pivots = pivots ? 1 : 0
        call.perturb = perturb ? 1 : 0
        call.regularizer = regularizer
        call.a = a
        call.b = b
        call.x = x
        call.y = y
        call.z = z
        call.a_index = aIndex
        call.b_index = bIndex
        return bla_run(&call, &failed)
      }
    }
    let which = batch > 1 ? "matrix \(failed) of input 0" : "input 0"
    switch status {
    case BLA_OK: return
    case BLA_SINGULAR: throw BNormError.invalid("\(which) is not invertible")
    case BLA_NOT_CONVERGED:
      throw BNormError.invalid(
        "the decomposition of \(which) was not successful; its values may not be valid")
    case BLA_RANK_DEFICIENT:
      throw BNormError.invalid(
        "\(which) is rank deficient or ill-conditioned; try fast = false or a larger l2_regularizer")
    default: throw BNormError.invalid("no memory for the decomposition of \(which)")
    }
  }

  private func withIndices<R>(
    _ indices: [Int64]?, _ body: (UnsafePointer<Int64>?) -> R
  ) -> R {
    guard let indices else { return body(nil) }
    return indices.withUnsafeBufferPointer { body($0.baseAddress) }
  }
}

/// Shape rules of batches of matrices.
enum Matrices {
  /// The leading dimensions; nil if the rank is unknown.
  static func batch(_ shape: PartialShape) -> [Int]? { shape.dimensions.map { Array($0.dropLast(2)) } }
  static func rows(_ shape: PartialShape) -> Int? { shape.rank.flatMap { shape[$0 - 2] } }
  static func columns(_ shape: PartialShape) -> Int? { shape.rank.flatMap { shape[$0 - 1] } }

  static func require(_ shape: PartialShape, _ what: String) throws {
    try shape.requireRank(atLeast: 2, what)
  }

  static func requireSquare(_ shape: PartialShape, _ what: String) throws {
    try require(shape, what)
    if let rows = rows(shape), let columns = columns(shape), rows != columns {
      throw BNormError.invalid("\(what) has shape \(shape), but its matrices must be square")
    }
  }

  /// Both inputs have the same rank and leading dimensions, which are returned.
  static func sameBatch(_ a: PartialShape, _ b: PartialShape) throws -> [Int]? {
    guard let first = batch(a), let second = batch(b) else { return batch(a) ?? batch(b) }
    guard let merged = PartialShape(first).merged(PartialShape(second)) else {
      throw BNormError.invalid(
        "input 0 has shape \(a), but input 1 has shape \(b): their leading dimensions must agree")
    }
    return merged.dimensions
  }

  static func shape(_ batch: [Int]?, _ last: Int?...) -> PartialShape {
    PartialShape(batch.map { $0 + last.map { $0 ?? -1 } })
  }

  static func count(_ shape: Shape) -> Int { shape.product(0..<(shape.rank - 2)) }
}

/// The leading dimensions of two inputs spread over each other.
struct BatchBroadcast {
  /// The dimensions of the result; nil if a rank is unknown.
  let shape: [Int]?

  init(_ a: PartialShape, _ b: PartialShape) throws {
    guard let x = Matrices.batch(a), let y = Matrices.batch(b) else {
      shape = nil
      return
    }
    var out: [Int] = []
    for i in 0..<max(x.count, y.count) {
      let p = i < x.count ? x[x.count - 1 - i] : 1, q = i < y.count ? y[y.count - 1 - i] : 1
      if p == q || q == 1 {
        out.append(p)
      } else if p == 1 {
        out.append(q)
      } else if p < 0 || q < 0 {
        out.append(max(p, q))
      } else {
        throw BNormError.invalid(
          "input 0 has shape \(a), but input 1 has shape \(b): their leading dimensions do not fit")
      }
    }
    shape = out.reversed()
  }

  /// Which of the matrices with leading dimensions `input` is number i of the result.
  static func indices(_ input: ArraySlice<Int>, in output: [Int]) -> [Int64]? {
    guard Array(input) != output else { return nil }
    let count = output.reduce(1, *)
    let given = Array(repeating: 1, count: output.count - input.count) + input
    var strides = [Int](repeating: 0, count: output.count), stride = 1
    for i in output.indices.reversed() {
      strides[i] = given[i] == 1 ? 0 : stride
      stride *= given[i]
    }
    var out = [Int64](repeating: 0, count: count)
    for i in 0..<count {
      var rest = i, at = 0
      for d in output.indices.reversed() {
        at += rest % output[d] * strides[d]
        rest /= output[d]
      }
      out[i] = Int64(at)
    }
    return out
  }
}
