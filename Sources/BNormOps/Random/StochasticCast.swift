import BNormCore
import BNormTensor

/// Rounds to one of the two nearest integers, the nearer one more often.
struct StochasticCastToInt: EagerOperation {
  static let opNames = ["StochasticCastToInt"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("Tout") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try StatelessSeed.check(inputs, takesKey: true)
    return [inputs[0].shape]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let given = try StatelessSeed.philox(inputs, takesKey: true)
    // Only half of the counter counts, and it takes the key's place.
    var generator = Philox(seed: given.counterWords.0, seed2: given.keyWord)
    let out = Tensor(dtype: dtype, shape: inputs[0].shape)
    func cast<R: SampleReal>(_: R.Type, packet: Int) {
      let x = inputs[0].elements(R.Stored.self).map { R.load($0) }
      let rounded = Self.round(R.self, x, &generator, limits(R.self), packet: packet)
      switch dtype {
      case .int8: store(rounded, out.mutableElements(Int8.self))
      case .int16: store(rounded, out.mutableElements(Int16.self))
      default: store(rounded, out.mutableElements(Int32.self))
      }
    }
    // Where TensorFlow's conversion is a vector instruction, a vector's elements share one draw.
    let isWide = dtype == .int32
    switch inputs[0].dtype {
    case .float: cast(SampleFloat.self, packet: isWide ? 8 : 0)
    case .double: cast(SampleDouble.self, packet: isWide ? 4 : 0)
    case .half: cast(SampleHalf.self, packet: 0)
    case .bfloat16: cast(SampleBFloat16.self, packet: 0)
    default: throw BNormError.unsupported("dtype \(inputs[0].dtype.name)")
    }
    return [out]
  }

  private func limits<R: SampleReal>(_: R.Type) -> (low: R.Wide, high: R.Wide) {
    let bits = dtype.size * 8 - 1
    return (R.round(-R.Wide(1 << bits)), R.round(R.Wide((1 << bits) - 1)))
  }

  private func store<R: BinaryFloatingPoint, T: FixedWidthInteger>(
    _ values: [R], _ out: UnsafeMutableBufferPointer<T>
  ) {
    for (i, value) in values.enumerated() {
      out[i] = T(truncatingIfNeeded: Int32(exactly: value) ?? .min)
    }
  }

  private static func round<R: SampleReal>(
    _: R.Type, _ x: [R.Wide], _ generator: inout Philox, _ limits: (low: R.Wide, high: R.Wide),
    packet: Int
  ) -> [R.Wide] {
    var out = x
    // Vectors come in blocks of eight elements.
    let vectors = packet > 0 ? x.count / 8 * 8 : 0
    var draws = SIMD4<R.Wide>()
    for (i, value) in x.enumerated() {
      let isVector = i < vectors
      if isVector, i % packet == 0 { draws = R.uniforms(generator.next()) }
      if value.isNaN {
        out[i] = 0
      } else if value >= limits.high {
        out[i] = limits.high
      } else if value <= limits.low {
        out[i] = limits.low
      } else if value.rounded(.down) != value {
        let draw = isVector ? draws[i % R.groupSize] : R.uniforms(generator.next())[0]
        let sum =
          value < 0
          ? R.round(value + draw)
          : isVector
            ? R.round(value + R.round(1 - draw)) : R.round(R.round(value + 1) - draw)
        out[i] = sum.rounded(.down)
      }
    }
    return out
  }
}
