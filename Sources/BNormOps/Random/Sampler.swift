import BNormTensor

/// The distributions that have an op for each way of seeding.
enum Sampler: Sendable {
  case uniform
  case normal
  case truncatedNormal
  /// All values of an integer dtype.
  case fullInt

  /// A tensor of samples.
  func sample(_ philox: Philox, _ dtype: DType, _ shape: Shape) throws -> Tensor {
    let out = Tensor(dtype: dtype, shape: try shape.fitting(dtype))
    switch (self, dtype) {
    case (.uniform, .float): UniformFloat().fill(philox, out.mutableElements())
    case (.uniform, .double): UniformDouble().fill(philox, out.mutableElements())
    case (.uniform, .half): UniformHalf().fill(philox, out.mutableElements())
    case (.uniform, .bfloat16): UniformBFloat16().fill(philox, out.mutableElements())
    case (.normal, .float): NormalFloat { $0 }.fill(philox, out.mutableElements(Float.self))
    case (.normal, .double): NormalDouble().fill(philox, out.mutableElements())
    case (.normal, .half): NormalFloat { Float16($0) }.fill(philox, out.mutableElements())
    case (.normal, .bfloat16): NormalFloat { BFloat16($0) }.fill(philox, out.mutableElements())
    case (.truncatedNormal, .float):
      TruncatedNormalFloat { $0 }.fill(philox, out.mutableElements(Float.self))
    case (.truncatedNormal, .double):
      TruncatedNormalDouble().fill(philox, out.mutableElements())
    case (.truncatedNormal, .half):
      TruncatedNormalFloat { Float16($0) }.fill(philox, out.mutableElements())
    case (.truncatedNormal, .bfloat16):
      TruncatedNormalFloat { BFloat16($0) }.fill(philox, out.mutableElements())
    case (.fullInt, .int32):
      UniformWord32<Int32>(range: nil).fill(philox, out.mutableElements())
    case (.fullInt, .uint32):
      UniformWord32<UInt32>(range: nil).fill(philox, out.mutableElements())
    case (.fullInt, .int64):
      UniformWord64<Int64>(range: nil).fill(philox, out.mutableElements())
    case (.fullInt, .uint64):
      UniformWord64<UInt64>(range: nil).fill(philox, out.mutableElements())
    default: throw BNormError.unsupported("dtype \(dtype.name)")
    }
    return out
  }

  /// Throws unless minval and maxval are scalars, the first one less.
  static func checkRange(_ minval: Tensor, _ maxval: Tensor) throws {
    _ = try integers(Philox(seed: 0, seed2: 0), [1], minval: minval, maxval: maxval)
  }

  /// Integers in [minval, maxval), which are scalars of `dtype`.
  static func integers(
    _ philox: Philox, _ shape: Shape, minval: Tensor, maxval: Tensor
  ) throws -> Tensor {
    guard minval.rank == 0, maxval.rank == 0 else {
      throw BNormError.invalid(
        "minval and maxval must be scalars, their shapes are \(minval.shape) and \(maxval.shape)")
    }
    let out = Tensor(dtype: minval.dtype, shape: try shape.fitting(minval.dtype))
    guard shape.count > 0 else { return out }
    func fill32<T: FixedWidthInteger & Element>(_ type: T.Type) throws {
      let (low, high) = (minval.elements(T.self)[0], maxval.elements(T.self)[0])
      guard low < high else { throw Sampler.empty(low, high) }
      UniformWord32<T>(range: (low, UInt32(truncatingIfNeeded: high &- low)))
        .fill(philox, out.mutableElements())
    }
    func fill64<T: FixedWidthInteger & Element>(_ type: T.Type) throws {
      let (low, high) = (minval.elements(T.self)[0], maxval.elements(T.self)[0])
      guard low < high else { throw Sampler.empty(low, high) }
      UniformWord64<T>(range: (low, UInt64(truncatingIfNeeded: high &- low)))
        .fill(philox, out.mutableElements())
    }
    switch minval.dtype {
    case .int32: try fill32(Int32.self)
    case .uint32: try fill32(UInt32.self)
    case .int64: try fill64(Int64.self)
    case .uint64: try fill64(UInt64.self)
    default: throw BNormError.unsupported("dtype \(minval.dtype.name)")
    }
    return out
  }

  private static func empty(_ low: some BinaryInteger, _ high: some BinaryInteger) -> BNormError {
    .invalid("minval must be less than maxval, got \(low) >= \(high)")
  }
}

/// Shapes given as a tensor.
enum ShapeInput {
  static func read(_ tensor: Tensor, _ what: String = "input 0 (shape)") throws -> Shape {
    guard tensor.rank == 1, let dimensions = tensor.integers else {
      throw BNormError.invalid("\(what) has shape \(tensor.shape), expected a vector of integers")
    }
    let shape = try Shape(checking: dimensions)
    // The smallest dtype of a sample has two bytes.
    try MemoryLimit.check(bytes: shape.count * 2)
    return shape
  }

  static func infer(_ fact: BNormTensor.PartialShape, _ values: [Int]?) throws -> PartialShape {
    try fact.requireRank(1, "input 0 (shape)")
    if let values { return PartialShape(try Shape(checking: values)) }
    return fact[0].map { .unknown(rank: $0) } ?? .unknown
  }

  /// The shape that input 0 gives, then the dimensions of `rest`.
  static func infer(
    _ fact: PartialShape, _ values: [Int]?, followedBy rest: PartialShape
  ) throws -> PartialShape {
    guard let first = try infer(fact, values).dimensions, let last = rest.dimensions else {
      return .unknown
    }
    return PartialShape(first + last)
  }

  /// How many samples for each parameter an output of `shape` holds, which must end with `batch`.
  static func samples(_ shape: Shape, of batch: Shape, _ what: String) throws -> Int {
    guard shape.rank >= batch.rank,
      Array(shape.dimensions.suffix(batch.rank)) == batch.dimensions
    else {
      throw BNormError.invalid("shape \(shape) does not end with that of \(what), \(batch)")
    }
    guard batch.count > 0 else {
      throw BNormError.invalid("\(what) has shape \(batch), which is empty")
    }
    return shape.count / batch.count
  }
}
