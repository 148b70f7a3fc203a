import BNormTensor
import Glibc

/// The arithmetic of one floating dtype as samplers use it: each step computed in `Wide`, then
/// rounded to the dtype.
protocol SampleReal: Sendable {
  associatedtype Wide: BinaryFloatingPoint & SIMDScalar & Sendable
  associatedtype Stored: Element
  static func load(_ value: Stored) -> Wide
  static func store(_ value: Wide) -> Stored
  /// `value` rounded to the dtype.
  static func round(_ value: Wide) -> Wide
  static func log(_ value: Wide) -> Wide
  static func exp(_ value: Wide) -> Wide
  /// Uniform numbers in [0, 1) of one generator call, and how many.
  static var groupSize: Int { get }
  static func uniforms(_ words: SIMD4<UInt32>) -> SIMD4<Wide>
  static func normals(_ words: SIMD4<UInt32>) -> SIMD4<Wide>
}

enum SampleFloat: SampleReal {
  static let groupSize = 4
  static func load(_ value: Float) -> Float { value }
  static func store(_ value: Float) -> Float { value }
  static func round(_ value: Float) -> Float { value }
  static func log(_ value: Float) -> Float { logf(value) }
  static func exp(_ value: Float) -> Float { expf(value) }
  static func uniforms(_ words: SIMD4<UInt32>) -> SIMD4<Float> {
    SIMD4(
      UnitInterval.float(words[0]), UnitInterval.float(words[1]), UnitInterval.float(words[2]),
      UnitInterval.float(words[3]))
  }
  static func normals(_ words: SIMD4<UInt32>) -> SIMD4<Float> {
    let (a, b) = BoxMuller.floats(words[0], words[1])
    let (c, d) = BoxMuller.floats(words[2], words[3])
    return SIMD4(a, b, c, d)
  }
}

enum SampleDouble: SampleReal {
  static let groupSize = 2
  static func load(_ value: Double) -> Double { value }
  static func store(_ value: Double) -> Double { value }
  static func round(_ value: Double) -> Double { value }
  static func log(_ value: Double) -> Double { Glibc.log(value) }
  static func exp(_ value: Double) -> Double { Glibc.exp(value) }
  static func uniforms(_ words: SIMD4<UInt32>) -> SIMD4<Double> {
    SIMD4(
      UnitInterval.double(words[0], words[1]), UnitInterval.double(words[2], words[3]), 0, 0)
  }
  static func normals(_ words: SIMD4<UInt32>) -> SIMD4<Double> {
    let (a, b) = BoxMuller.doubles(words[0], words[1], words[2], words[3])
    return SIMD4(a, b, 0, 0)
  }
}

enum SampleHalf: SampleReal {
  static let groupSize = 4
  static func load(_ value: Float16) -> Float { Float(value) }
  static func store(_ value: Float) -> Float16 { Float16(value) }
  static func round(_ value: Float) -> Float { Float(Float16(value)) }
  static func log(_ value: Float) -> Float { round(logf(value)) }
  static func exp(_ value: Float) -> Float { round(expf(value)) }
  static func uniforms(_ words: SIMD4<UInt32>) -> SIMD4<Float> {
    var out = SIMD4<Float>()
    for i in 0..<4 { out[i] = Float(UnitInterval.half(words[i])) }
    return out
  }
  static func normals(_ words: SIMD4<UInt32>) -> SIMD4<Float> {
    var out = SampleFloat.normals(words)
    for i in 0..<4 { out[i] = round(out[i]) }
    return out
  }
}

enum SampleBFloat16: SampleReal {
  static let groupSize = 4
  static func load(_ value: BFloat16) -> Float { value.float }
  static func store(_ value: Float) -> BFloat16 { BFloat16(value) }
  static func round(_ value: Float) -> Float { BFloat16(value).float }
  static func log(_ value: Float) -> Float { round(logf(value)) }
  static func exp(_ value: Float) -> Float { round(expf(value)) }
  static func uniforms(_ words: SIMD4<UInt32>) -> SIMD4<Float> {
    var out = SIMD4<Float>()
    for i in 0..<4 { out[i] = UnitInterval.bfloat16(words[i]) }
    return out
  }
  static func normals(_ words: SIMD4<UInt32>) -> SIMD4<Float> {
    var out = SampleFloat.normals(words)
    for i in 0..<4 { out[i] = round(out[i]) }
    return out
  }
}

/// Numbers taken one by one from groups, the last of a group first, as TensorFlow's samplers do.
struct BackwardGroup<Number: SIMDScalar> {
  private var numbers: SIMD4<Number>
  private var left = 0
  private let size: Int

  init(size: Int, zero: Number) {
    self.size = size
    numbers = SIMD4(repeating: zero)
  }

  @inline(__always)
  mutating func next(_ refill: () -> SIMD4<Number>) -> Number {
    if left == 0 {
      numbers = refill()
      left = size
    }
    left -= 1
    return numbers[left]
  }
}

/// Real numbers rounded to a real dtype, as C converts them; beyond an integer dtype's range the
/// nearest value of the range (what C leaves open).
enum SampleCast {
  static func tensor(_ dtype: DType, _ shape: Shape, _ values: [Double]) throws -> Tensor {
    let out = Tensor(dtype: dtype, shape: try shape.fitting(dtype))
    switch dtype {
    case .float: fill(out, values) { Float($0) }
    case .double: fill(out, values) { $0 }
    case .half: fill(out, values) { Float16(Float($0)) }
    case .bfloat16: fill(out, values) { BFloat16(Float($0)) }
    case .int32: fill(out, values) { Int32(exactly: $0.rounded(.towardZero)) ?? .min }
    case .int64: fill(out, values) { Int64(exactly: $0.rounded(.towardZero)) ?? .min }
    default: throw BNormError.unsupported("dtype \(dtype.name)")
    }
    return out
  }

  private static func fill<T: Element>(_ out: Tensor, _ values: [Double], _ cast: (Double) -> T) {
    let elements = out.mutableElements(T.self)
    for i in 0..<values.count { elements[i] = cast(values[i]) }
  }
}
