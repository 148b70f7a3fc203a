import BNormCore
import BNormTensor

/// Normal numbers within bounds, by the cheapest of three rejection samplers.
struct BoundedNormal<R: SampleReal> {
  private static var maximumIterations: Int { 1000 }
  /// From this many standard deviations inside the bounds on, plain normal numbers do.
  private static var plainFrom: R.Wide { R.round(R.Wide(1.3)) }

  private let mean: R.Wide
  /// Negative when the bounds are mirrored.
  private let deviation: R.Wide
  private let low: R.Wide
  private let high: R.Wide

  init(mean: R.Wide, deviation: R.Wide, minimum: R.Wide, maximum: R.Wide) throws {
    guard deviation > 0, minimum < maximum, minimum.isFinite || maximum.isFinite else {
      throw BNormError.invalid(
        "stddev \(deviation), minval \(minimum) and maxval \(maximum): expected a positive stddev "
          + "and minval < maxval, one of them finite")
    }
    self.mean = mean
    let mirrored = (minimum.isInfinite && minimum < 0) || maximum < mean
    self.deviation = mirrored ? -deviation : deviation
    let bounds = mirrored ? (maximum, minimum) : (minimum, maximum)
    low = R.round(R.round(bounds.0 - mean) / self.deviation)
    high = R.round(R.round(bounds.1 - mean) / self.deviation)
  }

  /// Passes `count` numbers to `emit`.
  func sample(_ generator: inout Philox, count: Int, _ emit: (Int, R.Stored) -> Void) throws {
    guard count > 0 else { return }
    let root = R.round(R.round(R.round(low * low) + 4).squareRoot())
    let exponent = R.round(0.5 + R.round(R.round(low * R.round(low - root)) / 4))
    let cutoff = R.round(R.round(2 * R.exp(exponent)) / R.round(low + root))
    let width = R.round(high - low)
    let plain =
      (low < -Self.plainFrom && high >= 0) || (high > Self.plainFrom && low <= 0)
    if plain {
      try plainSamples(&generator, count, emit)
    } else if width < cutoff {
      try uniformSamples(&generator, count, width, emit)
    } else {
      try exponentialSamples(&generator, count, R.round(R.round(low + root) / 2), emit)
    }
  }

  private func scaled(_ x: R.Wide) -> R.Stored { R.store(R.round(R.round(x * deviation) + mean)) }

  private func failure() -> BNormError {
    .invalid("no sample was accepted in \(Self.maximumIterations) iterations")
  }

  private func plainSamples(
    _ generator: inout Philox, _ count: Int, _ emit: (Int, R.Stored) -> Void
  ) throws {
    var done = 0
    var rejected = 0
    while true {
      let group = R.normals(generator.next())
      for i in 0..<R.groupSize {
        if group[i] >= low, group[i] <= high {
          emit(done, scaled(group[i]))
          done += 1
          if done == count { return }
          rejected = 0
        } else {
          rejected += 1
          if rejected > Self.maximumIterations { throw failure() }
        }
      }
    }
  }

  private func uniformSamples(
    _ generator: inout Philox, _ count: Int, _ width: R.Wide, _ emit: (Int, R.Stored) -> Void
  ) throws {
    let plus = low < 0 ? 0 : R.round(low * low)
    var done = 0
    var rejected = 0
    while true {
      let group = R.uniforms(generator.next())
      let chances = R.uniforms(generator.next())
      for i in 0..<R.groupSize {
        let z = R.round(R.round(group[i] * width) + low)
        let g = R.round(R.round(plus - R.round(z * z)) / 2)
        if chances[i] <= R.exp(g) {
          emit(done, scaled(z))
          done += 1
          if done == count { return }
          rejected = 0
        } else {
          rejected += 1
          if rejected >= Self.maximumIterations { throw failure() }
        }
      }
    }
  }

  private func exponentialSamples(
    _ generator: inout Philox, _ count: Int, _ alpha: R.Wide, _ emit: (Int, R.Stored) -> Void
  ) throws {
    var done = 0
    var rejected = 0
    while true {
      let group = R.uniforms(generator.next())
      for i in stride(from: 0, to: R.groupSize, by: 2) {
        let z = R.round(R.round(-R.log(group[i]) / alpha) + low)
        let x = low < alpha ? R.round(alpha - z) : R.round(low - alpha)
        let g = R.exp(R.round(R.round(-x * x) / 2))
        if group[i + 1] <= g, z < high {
          emit(done, scaled(z))
          done += 1
          if done == count { return }
          rejected = 0
        } else {
          rejected += 1
          if rejected >= Self.maximumIterations { throw failure() }
        }
      }
    }
  }
}

/// Bounded normal numbers from an op's own generator; parameters are for all or for each row.
struct ParameterizedTruncatedNormal: EagerOperation {
  static let opNames = ["ParameterizedTruncatedNormal"]
  let seeds: Seeds

  init(_ node: NodeContext) throws { seeds = try Seeds(node) }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    for i in 1..<5 {
      if let rank = inputs[i].shape.rank, rank > 1 {
        throw BNormError.invalid("input \(i) has shape \(inputs[i].shape), expected rank 0 or 1")
      }
    }
    return [try ShapeInput.infer(inputs[0].shape, inputs[0].integers)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let shape = try ShapeInput.read(inputs[0])
    guard shape.rank > 0 else {
      throw BNormError.invalid("input 0 (shape) is empty, expected at least one dimension")
    }
    var batches = shape[0]
    var samples = shape.product(1..<shape.rank)
    let total = shape.count
    let alike =
      inputs[1].count == 1 && inputs[2].count == 1 && inputs[3].rank == 0 && inputs[4].rank == 0
    if alike {
      samples = 100
      batches = (total + samples - 1) / samples
    } else {
      for i in 1..<5 where inputs[i].count != 1 && inputs[i].count != batches {
        throw BNormError.invalid(
          "input \(i) has shape \(inputs[i].shape), expected 1 or \(batches) elements")
      }
    }
    let reserved = UInt64(max(0, batches)) &* 2000 &* UInt64(samples + 3) / 4
    var generator = try seeds.state(context).reserve128(reserved)
    let out = Tensor(dtype: inputs[1].dtype, shape: shape)
    guard total > 0 else { return [out] }
    func fill<R: SampleReal>(_: R.Type) throws {
      let target = out.mutableElements(R.Stored.self)
      for b in 0..<batches {
        func value(_ i: Int) -> R.Wide {
          R.load(inputs[i].elements(R.Stored.self)[inputs[i].count == 1 ? 0 : b])
        }
        let normal = try BoundedNormal<R>(
          mean: value(1), deviation: value(2), minimum: value(3), maximum: value(4))
        let first = b * samples
        try normal.sample(&generator, count: min(samples, total - first)) {
          target[first + $0] = $1
        }
      }
    }
    switch out.dtype {
    case .float: try fill(SampleFloat.self)
    case .double: try fill(SampleDouble.self)
    case .half: try fill(SampleHalf.self)
    default: throw BNormError.unsupported("dtype \(out.dtype.name)")
    }
    return [out]
  }
}

/// Bounded normal numbers from seeds; parameters broadcast against each other.
struct StatelessParameterizedTruncatedNormal: EagerOperation {
  static let opNames = ["StatelessParameterizedTruncatedNormal"]

  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try StatelessSeed.check(inputs, takesKey: false)
    return [try ShapeInput.infer(inputs[0].shape, inputs[0].integers)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = try ShapeInput.read(inputs[0])
    var generator = try StatelessSeed.philox(inputs[1])
    var batch = Shape.scalar
    for i in 2..<6 {
      guard let next = batch.broadcast(inputs[i].shape) else {
        throw BNormError.invalid(
          "input \(i) has shape \(inputs[i].shape), which does not broadcast with \(batch)")
      }
      batch = next
    }
    guard shape.rank >= batch.rank,
      Array(shape.dimensions.suffix(batch.rank)) == batch.dimensions
    else {
      throw BNormError.invalid("shape \(shape) does not end with that of the parameters, \(batch)")
    }
    let samples = shape.product(0..<(shape.rank - batch.rank))
    let out = Tensor(dtype: inputs[2].dtype, shape: shape)
    guard shape.count > 0 else { return [out] }
    let indices = (2..<6).map { inputs[$0].shape.indices(in: batch) }
    func fill<R: SampleReal>(_: R.Type) throws {
      let target = out.mutableElements(R.Stored.self)
      for b in 0..<batch.count {
        let p = (0..<4).map { R.load(inputs[$0 + 2].elements(R.Stored.self)[indices[$0][b]]) }
        let normal = try BoundedNormal<R>(
          mean: p[0], deviation: p[1], minimum: p[2], maximum: p[3])
        try normal.sample(&generator, count: samples) { target[$0 * batch.count + b] = $1 }
      }
    }
    switch out.dtype {
    case .float: try fill(SampleFloat.self)
    case .double: try fill(SampleDouble.self)
    case .half: try fill(SampleHalf.self)
    default: throw BNormError.unsupported("dtype \(out.dtype.name)")
    }
    return [out]
  }
}
