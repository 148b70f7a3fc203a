import BNormCore
import BNormTensor
import Glibc

/// Gamma-distributed numbers by rejection (Marsaglia and Tsang, 2000), each sample from its own part
/// of the generator's sequence.
enum GammaSampling {
  static let reserved: UInt64 = 256

  /// `samples` numbers for each of `alphas`: sample s of alpha a is at `s * alphas.count + a`.
  static func tensor(
    _ philox: Philox, alphas: [Double], samples: Int, _ dtype: DType, _ shape: Shape
  ) throws -> Tensor {
    var out = [Double](repeating: 0, count: shape.count)
    for (a, alpha) in alphas.enumerated() {
      let isSmall = alpha < 1
      let d = alpha + (isSmall ? 2.0 / 3 : -1.0 / 3)
      let c = 1.0 / 3 / d.squareRoot()
      for s in 0..<samples {
        var generator = philox
        generator.skip(reserved &* UInt64(a * samples + s))
        // An exponential distribution needs no rejection.
        out[s * alphas.count + a] =
          alpha == 1
          ? -log1p(-SampleDouble.uniforms(generator.next())[1])
          : sample(&generator, c: c, d: d, exponent: isSmall ? 1 / alpha : nil)
      }
    }
    return try SampleCast.tensor(dtype, shape, out)
  }

  private static func sample(
    _ generator: inout Philox, c: Double, d: Double, exponent: Double?
  ) -> Double {
    var normals = BackwardGroup<Double>(size: 2, zero: 0)
    var uniforms = normals
    while true {
      let x = normals.next { SampleDouble.normals(generator.next()) }
      var v = 1 + c * x
      if v <= 0 { continue }
      v = v * v * v
      let u = uniforms.next { SampleDouble.uniforms(generator.next()) }
      guard u < 1 - 0.0331 * (x * x) * (x * x)
        || log(u) < 0.5 * x * x + d * (1 - v + log(v))
      else { continue }
      guard let exponent else { return d * v }
      return d * v * pow(uniforms.next { SampleDouble.uniforms(generator.next()) }, exponent)
    }
  }
}

/// Gamma-distributed numbers from an op's own generator: samples of shape input 0 for each alpha.
struct RandomGamma: EagerOperation {
  static let opNames = ["RandomGamma"]
  let seeds: Seeds

  init(_ node: NodeContext) throws { seeds = try Seeds(node) }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    [try ShapeInput.infer(inputs[0].shape, inputs[0].integers, followedBy: inputs[1].shape)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let samples = try ShapeInput.read(inputs[0])
    let alphas = inputs[1]
    let shape = try Shape(checking: samples.dimensions + alphas.shape.dimensions).fitting(.double)
    guard shape.count > 0 else { return [Tensor(dtype: alphas.dtype, shape: shape)] }
    let philox = try seeds.state(context).reserve(shape.count)
    return [
      try GammaSampling.tensor(
        philox, alphas: alphas.doubles ?? [], samples: samples.count, alphas.dtype, shape)
    ]
  }
}

/// Gamma-distributed numbers from seeds (V2) or from key and counter (V3), computed in double.
struct StatelessRandomGamma: EagerOperation {
  static let opNames = ["StatelessRandomGammaV2", "StatelessRandomGammaV3"]
  let takesKey: Bool

  init(_ node: NodeContext) throws { takesKey = node.op.hasSuffix("V3") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try StatelessSeed.check(inputs, takesKey: takesKey)
    return [try ShapeInput.infer(inputs[0].shape, inputs[0].integers)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = try ShapeInput.read(inputs[0])
    let philox = try StatelessSeed.philox(inputs, takesKey: takesKey)
    let alphas = inputs[inputs.count - 1]
    guard shape.count > 0 else { return [Tensor(dtype: alphas.dtype, shape: shape)] }
    let samples = try ShapeInput.samples(shape, of: alphas.shape, "alpha")
    return [
      try GammaSampling.tensor(
        philox, alphas: alphas.doubles ?? [], samples: samples, alphas.dtype, shape)
    ]
  }
}
