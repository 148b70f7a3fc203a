import BNormCore
import BNormTensor

/// The state of a `tf.random.Generator`: an int64 variable of counter (two words) and key.
enum GeneratorVariable {
  /// Takes the generator out of `variable` and advances what stays there as `advance` samples do.
  /// `algorithm` nil: the state's first element tells it.
  static func take(_ variable: Tensor, algorithm: Int?, advance: UInt64) throws -> Philox {
    try Variable.of(variable).update { tensor in
      let start = algorithm == nil ? 1 : 0
      try check(tensor, start)
      let state = tensor.mutableElements(Int64.self)
      try check(algorithm: algorithm ?? Int(state[0]))
      let words = (0..<3).map { UInt64(bitPattern: state[start + $0]) }
      let philox = Philox(counter: (words[0], words[1]), key: words[2])
      var next = philox
      next.skip(advance &* 256)
      let (low, high) = next.counterWords
      state[start] = Int64(bitPattern: low)
      state[start + 1] = Int64(bitPattern: high)
      return philox
    }
  }

  private static func check(_ tensor: Tensor, _ start: Int) throws {
    guard tensor.dtype == .int64 else {
      throw BNormError.invalid("the generator's state has dtype \(tensor.dtype.name), not int64")
    }
    guard tensor.rank == 1, tensor.count >= start + 3 else {
      throw BNormError.invalid(
        "the generator's state has shape \(tensor.shape), expected at least [\(start + 3)]")
    }
  }

  private static func check(algorithm: Int) throws {
    guard algorithm == 1 else {
      throw BNormError.invalid("algorithm is \(algorithm), expected 1 (Philox)")
    }
  }

  /// The integer of a scalar input.
  static func scalar(_ inputs: [Tensor], _ i: Int, _ name: String) throws -> Int {
    guard inputs[i].rank == 0 else {
      throw BNormError.invalid("input \(i) (\(name)) has shape \(inputs[i].shape), expected []")
    }
    return inputs[i].dtype == .uint64
      ? Int(bitPattern: UInt(inputs[i].elements(UInt64.self)[0]))
      : inputs[i].integers?.first ?? 0
  }

  /// The shape of an op whose input `i` is the shape.
  static func infer(_ inputs: [Fact], shape i: Int) throws -> [PartialShape] {
    if i == 2 { try inputs[1].shape.requireRank(0, "input 1 (algorithm)") }
    let shape = inputs[i]
    guard shape.dtype == .int32 || shape.dtype == .int64 else {
      throw BNormError.invalid("input \(i) (shape) has dtype \(shape.dtype.name)")
    }
    return [try ShapeInput.infer(shape.shape, shape.integers)]
  }
}

/// Samples from a generator that a variable holds.
struct GeneratorSampling: EagerOperation {
  static let opNames = [
    "StatefulUniform", "StatefulStandardNormal", "StatefulStandardNormalV2",
    "StatefulTruncatedNormal", "StatefulUniformFullInt", "StatefulUniformInt",
  ]
  let dtype: DType
  /// nil: integers between inputs 3 and 4.
  let sampler: Sampler?
  /// The old form keeps the algorithm in the state.
  let isOld: Bool

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("dtype")
    isOld = node.op == "StatefulStandardNormal"
    sampler =
      switch node.op {
      case "StatefulUniform": .uniform
      case "StatefulTruncatedNormal": .truncatedNormal
      case "StatefulUniformFullInt": .fullInt
      case "StatefulUniformInt": nil
      default: .normal
      }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if sampler == nil {
      try inputs[3].shape.requireRank(0, "input 3 (minval)")
      try inputs[4].shape.requireRank(0, "input 4 (maxval)")
    }
    return try GeneratorVariable.infer(inputs, shape: isOld ? 1 : 2)
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = try ShapeInput.read(inputs[isOld ? 1 : 2])
    let algorithm = isOld ? nil : try GeneratorVariable.scalar(inputs, 1, "algorithm")
    if sampler == nil { try Sampler.checkRange(inputs[3], inputs[4]) }
    let philox = try GeneratorVariable.take(
      inputs[0], algorithm: algorithm, advance: UInt64(shape.count))
    guard let sampler else {
      return [try Sampler.integers(philox, shape, minval: inputs[3], maxval: inputs[4])]
    }
    return [try sampler.sample(philox, dtype, shape)]
  }
}

/// Binomially distributed numbers from a generator that a variable holds.
struct StatefulRandomBinomial: EagerOperation {
  static let opNames = ["StatefulRandomBinomial"]
  let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("dtype") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try GeneratorVariable.infer(inputs, shape: 2)
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = try ShapeInput.read(inputs[2])
    let algorithm = try GeneratorVariable.scalar(inputs, 1, "algorithm")
    return [
      try BinomialSampling.tensor(shape, inputs[3], inputs[4], dtype) { batch, samples in
        let advance = UInt64(batch) &* 200 &* UInt64(samples &+ 3) / 4
        return try GeneratorVariable.take(inputs[0], algorithm: algorithm, advance: advance)
      }
    ]
  }
}

/// Advances a generator that a variable holds, and gives the state before that.
struct GeneratorSkip: EagerOperation {
  static let opNames = ["RngSkip", "RngReadAndSkip"]
  let reads: Bool

  init(_ node: NodeContext) throws { reads = node.op == "RngReadAndSkip" }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[1].shape.requireRank(0, "input 1 (algorithm)")
    try inputs[2].shape.requireRank(0, "input 2 (delta)")
    return reads ? [.vector(3)] : []
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let algorithm = try GeneratorVariable.scalar(inputs, 1, "algorithm")
    let delta = try GeneratorVariable.scalar(inputs, 2, "delta")
    let philox = try GeneratorVariable.take(
      inputs[0], algorithm: algorithm, advance: UInt64(bitPattern: Int64(delta)))
    guard reads else { return [] }
    let (low, high) = philox.counterWords
    return [Tensor([low, high, philox.keyWord].map { Int64(bitPattern: $0) })]
  }
}

/// Integers from the system's entropy.
struct NonDeterministicInts: EagerOperation, UnfoldableOperation {
  static let opNames = ["NonDeterministicInts"]
  let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("dtype") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard inputs[0].dtype == .int32 || inputs[0].dtype == .int64 else {
      throw BNormError.invalid("input 0 (shape) has dtype \(inputs[0].dtype.name)")
    }
    return [try ShapeInput.infer(inputs[0].shape, inputs[0].integers)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let out = Tensor(dtype: dtype, shape: try ShapeInput.read(inputs[0]).fitting(dtype))
    let bytes = UnsafeMutableRawBufferPointer(start: out.storage.pointer, count: out.byteCount)
    var random = SystemRandomNumberGenerator()
    for i in bytes.indices { bytes[i] = random.next() }
    return [out]
  }
}
