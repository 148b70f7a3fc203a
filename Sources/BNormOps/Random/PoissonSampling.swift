import BNormCore
import BNormTensor
import Glibc

/// Poisson-distributed numbers: Knuth's product of uniform numbers for small rates, transformed
/// rejection (Hörmann, 1993) for others. Each sample has its own part of the generator's sequence.
enum PoissonSampling {
  static let reserved: UInt64 = 256

  /// `samples` numbers for each of `rates`, none beyond `highest`: sample s of rate r is at
  /// `s * rates.count + r`.
  static func values(
    _ philox: Philox, rates: [Double], samples: Int, highest: Double
  ) throws -> [Double] {
    var out = [Double](repeating: 0, count: rates.count * samples)
    for (r, rate) in rates.enumerated() {
      guard rate < .infinity else { throw BNormError.invalid("rate \(rate) is not finite") }
      for s in 0..<samples {
        var generator = philox
        generator.skip(reserved &* UInt64(r * samples + s))
        out[s * rates.count + r] =
          rate < 10
          ? small(&generator, rate, highest: highest) : large(&generator, rate, highest: highest)
      }
    }
    return out
  }

  private static func small(
    _ generator: inout Philox, _ rate: Double, highest: Double
  ) -> Double {
    let limit = exp(-rate)
    var uniforms = BackwardGroup<Double>(size: 2, zero: 0)
    var product = 1.0
    var x = 0.0
    while true {
      product *= uniforms.next { SampleDouble.uniforms(generator.next()) }
      if product <= limit, x <= highest { return x }
      x += 1
    }
  }

  private static func large(
    _ generator: inout Philox, _ rate: Double, highest: Double
  ) -> Double {
    let logRate = log(rate)
    let b = 0.931 + 2.53 * rate.squareRoot()
    let a = -0.059 + 0.02483 * b
    let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
    var uniforms = BackwardGroup<Double>(size: 2, zero: 0)
    while true {
      let u = uniforms.next { SampleDouble.uniforms(generator.next()) } - 0.5
      let v = uniforms.next { SampleDouble.uniforms(generator.next()) }
      let shifted = 0.5 - abs(u)
      let k = ((2 * a / shifted + b) * u + rate + 0.43).rounded(.down)
      if k > highest { continue }
      if shifted >= 0.07, v <= 0.9277 - 3.6224 / (b - 2) { return k }
      if k < 0 || (shifted < 0.013 && v > shifted) { continue }
      let s = log(v * inverseAlpha / (a / (shifted * shifted) + b))
      if s <= -rate + k * logRate - lgamma(k + 1) { return k }
    }
  }

  /// The largest number of a dtype.
  static func highest(_ dtype: DType) -> Double {
    switch dtype {
    case .half: 65504
    case .float: Double(Float.greatestFiniteMagnitude)
    case .int32: Double(Int32.max)
    case .int64: Double(Int64.max)
    default: .greatestFiniteMagnitude
    }
  }
}

/// Poisson-distributed numbers from an op's own generator: samples of shape input 0 for each rate.
struct RandomPoisson: EagerOperation {
  static let opNames = ["RandomPoisson", "RandomPoissonV2"]
  let seeds: Seeds
  let dtype: DType

  init(_ node: NodeContext) throws {
    seeds = try Seeds(node)
    dtype = try node.dtype("dtype")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    [try ShapeInput.infer(inputs[0].shape, inputs[0].integers, followedBy: inputs[1].shape)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let samples = try ShapeInput.read(inputs[0])
    let rates = inputs[1]
    let shape = try Shape(checking: samples.dimensions + rates.shape.dimensions).fitting(.double)
    guard samples.count > 0, rates.count > 0 else { return [Tensor(dtype: dtype, shape: shape)] }
    let philox = try seeds.state(context).reserve(shape.count)
    let values = try PoissonSampling.values(
      philox, rates: rates.doubles ?? [], samples: samples.count,
      highest: PoissonSampling.highest(dtype))
    return [try SampleCast.tensor(dtype, shape, values)]
  }
}

/// Poisson-distributed numbers from seeds.
struct StatelessRandomPoisson: EagerOperation {
  static let opNames = ["StatelessRandomPoisson"]
  let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("dtype") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try StatelessSeed.check(inputs, takesKey: false)
    return [try ShapeInput.infer(inputs[0].shape, inputs[0].integers)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = try ShapeInput.read(inputs[0])
    let philox = try StatelessSeed.philox(inputs[1])
    let rates = inputs[2]
    guard shape.count > 0 else { return [Tensor(dtype: dtype, shape: shape)] }
    let samples = try ShapeInput.samples(shape, of: rates.shape, "lam")
    let values = try PoissonSampling.values(
      philox, rates: rates.doubles ?? [], samples: samples,
      highest: PoissonSampling.highest(dtype))
    return [try SampleCast.tensor(dtype, shape, values)]
  }
}
