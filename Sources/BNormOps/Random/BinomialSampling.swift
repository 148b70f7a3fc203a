import BNormCore
import BNormTensor
import Glibc

/// Binomially distributed numbers: inversion where few successes are expected, transformed rejection
/// (Hörmann, 1993) otherwise. Each sample has its own part of the generator's sequence.
enum BinomialSampling {
  /// `samples` numbers for each pair of `counts` and `probabilities`, which broadcast: sample s of
  /// pair b is at `s * batch + b`.
  static func values<R: SampleReal>(
    _: R.Type, _ philox: Philox, _ counts: Tensor, _ probabilities: Tensor, batch: Shape,
    samples: Int
  ) -> [Double] {
    var out = [Double](repeating: 0, count: batch.count * samples)
    let countValues = counts.elements(R.Stored.self)
    let probabilityValues = probabilities.elements(R.Stored.self)
    let countIndices = counts.shape.indices(in: batch)
    let probabilityIndices = probabilities.shape.indices(in: batch)
    for b in 0..<batch.count {
      let count = R.load(countValues[countIndices[b]])
      let p = R.load(probabilityValues[probabilityIndices[b]])
      for s in 0..<samples {
        out[s * batch.count + b] = sample(
          R.self, philox, index: UInt64(b * samples + s), count: count, p: p)
      }
    }
    return out
  }

  private static func sample<R: SampleReal>(
    _: R.Type, _ philox: Philox, index: UInt64, count: R.Wide, p: R.Wide
  ) -> Double {
    let n = Double(count)
    if n <= 0 || p <= 0 { return 0 }
    if p >= 1 { return n }
    guard p == p else { return .nan }
    let mirrored = p > 0.5
    let q = mirrored ? R.round(1 - p) : p
    var generator = philox
    let value: Double
    if R.round(count * q) >= 10 {
      generator.skip(256 &* index)
      value = rejection(&generator, n, Double(q))
    } else {
      generator.skip(42 &* index)
      value = inversion(&generator, n, Double(q))
    }
    return mirrored ? n - value : value
  }

  /// Counts geometric steps until they exceed `n`.
  private static func inversion(_ generator: inout Philox, _ n: Double, _ p: Double) -> Double {
    var uniforms = BackwardGroup<Double>(size: 2, zero: 0)
    var sum = 0.0
    var steps = 0.0
    while true {
      let u = uniforms.next { SampleDouble.uniforms(generator.next()) }
      sum += (log(u) / log1p(-p)).rounded(.up)
      if !(sum <= n) { return steps }
      steps += 1
    }
  }

  private static func rejection(_ generator: inout Philox, _ n: Double, _ p: Double) -> Double {
    let deviation = (n * p * (1 - p)).squareRoot()
    let b = 1.15 + 2.53 * deviation
    let a = -0.0873 + 0.0248 * b + 0.01 * p
    let c = n * p + 0.5
    let vr = 0.92 - 4.2 / b
    let r = p / (1 - p)
    let alpha = (2.83 + 5.1 / b) * deviation
    let m = ((n + 1) * p).rounded(.down)
    var uniforms = BackwardGroup<Double>(size: 2, zero: 0)
    while true {
      let u = uniforms.next { SampleDouble.uniforms(generator.next()) } - 0.5
      var v = uniforms.next { SampleDouble.uniforms(generator.next()) }
      let us = 0.5 - abs(u)
      let k = ((2 * a / us + b) * u + c).rounded(.down)
      if us >= 0.07, v <= vr { return k }
      if k < 0 || k > n { continue }
      v = log(v * alpha / (a / (us * us) + b))
      let main = (m + 0.5) * log((m + 1) / (r * (n - m + 1)))
      let middle = (n + 1) * log((n - m + 1) / (n - k + 1))
      let last = (k + 0.5) * log(r * (n - k + 1) / (k + 1))
      let bound = main + middle + last + tail(m) + tail(n - m) - tail(k) - tail(n - k)
      if v <= bound { return k }
      // What is not a number is never accepted.
      if bound.isNaN, !n.isFinite { return .nan }
    }
  }

  /// What Stirling's formula leaves of log(k!).
  private static func tail(_ k: Double) -> Double {
    if k <= 9 { return tails[max(0, Int(k))] }
    let square = (k + 1) * (k + 1)
    return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1)
  }

  private static let tails = [
    0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509,
    0.0166446911898211, 0.0138761288230707, 0.0118967099458917, 0.0104112652619720,
    0.00925546218271273, 0.00833056343336287,
  ]

  /// A tensor of samples in `shape`, which must end with what `counts` and `probabilities` broadcast
  /// to.
  static func tensor(
    _ shape: Shape, _ counts: Tensor, _ probabilities: Tensor, _ dtype: DType,
    _ generator: (_ batch: Int, _ samples: Int) throws -> Philox
  ) throws -> Tensor {
    guard let batch = counts.shape.broadcast(probabilities.shape) else {
      throw BNormError.invalid(
        "counts has shape \(counts.shape) and probs has shape \(probabilities.shape), which do "
          + "not broadcast")
    }
    guard shape.rank >= batch.rank,
      Array(shape.dimensions.suffix(batch.rank)) == batch.dimensions
    else {
      throw BNormError.invalid("shape \(shape) does not end with that of the parameters, \(batch)")
    }
    let samples = shape.product(0..<(shape.rank - batch.rank))
    let philox = try generator(batch.count, samples)
    guard shape.count > 0 else { return Tensor(dtype: dtype, shape: shape) }
    let values =
      switch counts.dtype {
      case .float:
        values(SampleFloat.self, philox, counts, probabilities, batch: batch, samples: samples)
      case .double:
        values(SampleDouble.self, philox, counts, probabilities, batch: batch, samples: samples)
      case .half:
        values(SampleHalf.self, philox, counts, probabilities, batch: batch, samples: samples)
      default: throw BNormError.unsupported("dtype \(counts.dtype.name)")
      }
    return try SampleCast.tensor(dtype, shape, values)
  }
}

/// Binomially distributed numbers from seeds.
struct StatelessRandomBinomial: EagerOperation {
  static let opNames = ["StatelessRandomBinomial"]
  let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("dtype") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try StatelessSeed.check(inputs, takesKey: false)
    return [try ShapeInput.infer(inputs[0].shape, inputs[0].integers)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = try ShapeInput.read(inputs[0])
    let philox = try StatelessSeed.philox(inputs[1])
    return [try BinomialSampling.tensor(shape, inputs[2], inputs[3], dtype) { _, _ in philox }]
  }
}
