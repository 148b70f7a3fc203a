import BNormCore
import BNormTensor

/// Key and counter that TensorFlow makes of a stateless op's two seeds.
enum StatelessSeed {
  static func philox(_ seed: Tensor) throws -> Philox {
    guard seed.shape == [2], let words = words(seed) else {
      throw BNormError.invalid("seed has shape \(seed.shape), expected [2]")
    }
    // A generator with a fixed key mixes the seeds, so that weak ones do no harm.
    var mixer = Philox(
      counter: SIMD4(
        UInt32(truncatingIfNeeded: words[0]), UInt32(truncatingIfNeeded: words[0] >> 32),
        UInt32(truncatingIfNeeded: words[1]), UInt32(truncatingIfNeeded: words[1] >> 32)),
      key: SIMD2(0x3ec8_f720, 0x0246_1e29))
    let mix = mixer.next()
    return Philox(counter: SIMD4(0, 0, mix[2], mix[3]), key: SIMD2(mix[0], mix[1]))
  }

  /// The generator that input 1 (seed) gives, or inputs 1 to 3 (key, counter, alg).
  static func philox(_ inputs: [Tensor], takesKey: Bool) throws -> Philox {
    takesKey
      ? try philox(key: inputs[1], counter: inputs[2], algorithm: inputs[3])
      : try philox(inputs[1])
  }

  /// Throws where the shapes of those inputs cannot be right.
  static func check(_ inputs: [Fact], takesKey: Bool) throws {
    if takesKey {
      try inputs[1].shape.requireRank(1, "input 1 (key)")
      try inputs[2].shape.requireRank(1, "input 2 (counter)")
      try inputs[3].shape.requireRank(0, "input 3 (alg)")
    } else {
      try checkSeed(inputs[1].shape)
    }
  }

  static func checkSeed(_ shape: PartialShape) throws {
    guard shape.accepts([2]) || shape.full == nil else {
      throw BNormError.invalid("seed has shape \(shape), expected [2]")
    }
  }

  private static func words(_ seed: Tensor) -> [UInt64]? {
    switch seed.dtype {
    case .int32: seed.elements(Int32.self).map { UInt64(bitPattern: Int64($0)) }
    case .int64: seed.elements(Int64.self).map { UInt64(bitPattern: $0) }
    case .uint32: seed.elements(UInt32.self).map { UInt64($0) }
    case .uint64: seed.array(UInt64.self)
    default: nil
    }
  }

  /// The generator of the V2 ops: inputs key [1], counter [2] (Philox) and alg.
  static func philox(key: Tensor, counter: Tensor, algorithm: Tensor) throws -> Philox {
    guard key.shape == [1] else {
      throw BNormError.invalid("key has shape \(key.shape), expected [1]")
    }
    guard algorithm.rank == 0, let number = algorithm.integers?.first else {
      throw BNormError.invalid("alg has shape \(algorithm.shape), expected a scalar")
    }
    guard number == 1 || number == 3 else {
      throw BNormError.invalid("alg is \(number); on the CPU only Philox (1 or 3) exists")
    }
    guard counter.rank == 1, counter.count >= 2 else {
      throw BNormError.invalid(
        "counter has shape \(counter.shape), expected at least [2] for Philox")
    }
    let words = counter.elements(UInt64.self)
    return Philox(counter: (words[0], words[1]), key: key.elements(UInt64.self)[0])
  }
}

/// Samples of a shape from seeds (V1) or from key and counter (V2).
struct StatelessSampling: EagerOperation {
  static let opNames = [
    "StatelessRandomUniform", "StatelessRandomNormal", "StatelessTruncatedNormal",
    "StatelessRandomUniformFullInt", "StatelessRandomUniformV2", "StatelessRandomNormalV2",
    "StatelessTruncatedNormalV2", "StatelessRandomUniformFullIntV2",
  ]
  let dtype: DType
  let sampler: Sampler
  let takesKey: Bool

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("dtype")
    takesKey = node.op.hasSuffix("V2")
    sampler =
      if node.op.contains("FullInt") { .fullInt } else if node.op.contains("Truncated") {
        .truncatedNormal
      } else if node.op.contains("Normal") { .normal } else { .uniform }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    [try ShapeInput.infer(inputs[0].shape, inputs[0].integers)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = try ShapeInput.read(inputs[0])
    let philox =
      takesKey
      ? try StatelessSeed.philox(key: inputs[1], counter: inputs[2], algorithm: inputs[3])
      : try StatelessSeed.philox(inputs[1])
    return [try sampler.sample(philox, dtype, shape)]
  }
}

/// Integers in [minval, maxval) from seeds (V1) or from key and counter (V2).
struct StatelessRandomUniformInt: EagerOperation {
  static let opNames = ["StatelessRandomUniformInt", "StatelessRandomUniformIntV2"]
  let takesKey: Bool

  init(_ node: NodeContext) throws { takesKey = node.op.hasSuffix("V2") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    [try ShapeInput.infer(inputs[0].shape, inputs[0].integers)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = try ShapeInput.read(inputs[0])
    let philox =
      takesKey
      ? try StatelessSeed.philox(key: inputs[1], counter: inputs[2], algorithm: inputs[3])
      : try StatelessSeed.philox(inputs[1])
    return [
      try Sampler.integers(
        philox, shape, minval: inputs[inputs.count - 2], maxval: inputs[inputs.count - 1])
    ]
  }
}

/// Key, counter and algorithm for the V2 ops.
struct StatelessRandomGetKeyCounter: EagerOperation {
  static let opNames = [
    "StatelessRandomGetKeyCounter", "StatelessRandomGetKeyCounterAlg", "StatelessRandomGetAlg",
  ]
  let op: String

  init(_ node: NodeContext) throws { op = node.op }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    switch op {
    case "StatelessRandomGetAlg": [.scalar]
    case "StatelessRandomGetKeyCounter": [.vector(1), .vector(2)]
    default: [.vector(1), .vector(2), .scalar]
    }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let algorithm = Tensor(scalar: Int32(1))
    guard op != "StatelessRandomGetAlg" else { return [algorithm] }
    let philox = try StatelessSeed.philox(inputs[0])
    let (low, high) = philox.counterWords
    let out = [Tensor([philox.keyWord]), Tensor([low, high])]
    return op == "StatelessRandomGetKeyCounter" ? out : out + [algorithm]
  }
}
