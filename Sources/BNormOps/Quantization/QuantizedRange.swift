import BNormCore
import BNormTensor
import CBNormKernels

/// How a quantized dtype stands for the real numbers between a minimum and a maximum.
struct QuantizedRange {
  let min: Float
  let max: Float
  let lowest: Int64
  let highest: Int64
  /// One less than the number of values.
  private let steps: Double

  init(_ dtype: DType, _ min: Float, _ max: Float) {
    (lowest, highest) = dtype.quantizedBounds
    steps = Double(highest - lowest)
    self.min = min
    self.max = max
  }

  /// Real values of all quantized ones.
  var affine: bnk_affine {
    let scale = Float(Double(max - min) / steps)
    let first = max == min ? min : (min / scale).rounded(.toNearestOrAwayFromZero) * scale
    return bnk_affine(pre: 0, scale: scale, post: first - Float(lowest) * scale)
  }

  /// Quantized values of real ones.
  var quantizer: bnk_quantizer {
    let scale = max == min ? 0 : Float(steps / Double(max - min))
    let first = (min * scale).rounded(.toNearestOrAwayFromZero)
    return bnk_quantizer(
      low: -.infinity, high: .infinity, pre: 0, scale: scale, mid: 0,
      post: -(first - Float(lowest)), lower: Swift.max(Float(lowest), -2_147_483_648),
      upper: Swift.min(Float(highest), 2_147_483_520))
  }

  /// The number that stands for `value`, whether the dtype can hold it or not.
  func unclamped(_ value: Float) -> Int64 {
    if min == max { return lowest }
    let range = Double(max - min) * ((steps + 1) / steps)
    let scale = (steps + 1) / range
    let quantized =
      (Double(value) * scale).rounded(.toNearestOrAwayFromZero)
      - (Double(min) * scale).rounded(.toNearestOrAwayFromZero)
    let whole = truncated(quantized)
    return whole == .min ? .min : whole &+ lowest
  }

  func quantized(_ value: Float) -> Int64 {
    Swift.min(Swift.max(unclamped(value), lowest), highest)
  }

  func real(_ value: Int64) -> Float {
    if min == max { return min }
    let range = Double(max - min) * ((steps + 1) / steps)
    let scale = range / (steps + 1)
    let first = Double((min / Float(scale)).rounded(.toNearestOrAwayFromZero) * Float(scale))
    return Float(first + (Double(value) - Double(lowest)) * scale)
  }

  /// The real distance of neighbours, where the values are as many below 0 as above it.
  var level: Float { (max - min) / Float(highest - Swift.max(lowest, lowest < 0 ? -highest : 0)) }

  /// The range of a sum of products, of int32.
  static func product(_ a: QuantizedRange, _ b: QuantizedRange) -> (min: Float, max: Float) {
    let level = a.level * b.level
    let bounds = DType.qint32.quantizedBounds
    return (level * Float(bounds.lowest), level * Float(bounds.highest))
  }
}

/// A double without its fraction; the least number where it does not fit.
func truncated(_ x: Double) -> Int64 {
  x > -9.3e18 && x < 9.2e18 ? Int64(x) : .min
}

extension DType {
  var quantizedBounds: (lowest: Int64, highest: Int64) {
    switch self {
    case .qint8: (Int64(Int8.min), Int64(Int8.max))
    case .quint8: (0, Int64(UInt8.max))
    case .qint16: (Int64(Int16.min), Int64(Int16.max))
    case .quint16: (0, Int64(UInt16.max))
    default: (Int64(Int32.min), Int64(Int32.max))
    }
  }

  /// The number under which the C kernels know this dtype.
  var code: Int32 { Int32(rawValue) }
}

extension bnk_channels {
  /// All elements as one channel.
  init(_ count: Int) { self.init(outer: 1, depth: 1, inner: count) }

  /// The slices of `shape` along `axis`; -1: all elements as one channel.
  init(_ shape: Shape, axis: Int) {
    guard axis >= 0 else {
      self.init(shape.count)
      return
    }
    self.init(
      outer: shape.product(0..<axis), depth: shape[axis],
      inner: shape.product(axis + 1..<shape.rank))
  }
}

extension KernelIO {
  /// The first element of a float input.
  func float(_ i: Int) -> Float { input(i).load(as: Float.self) }

  /// The range of quantized values that scalars `first` and `first + 1` give.
  func range(_ dtype: DType, _ first: Int) -> QuantizedRange {
    QuantizedRange(dtype, float(first), float(first + 1))
  }

  /// Stores a range as outputs 1 and 2.
  func storeRange(_ min: Float, _ max: Float, first: Int = 1) {
    output(first).storeBytes(of: min, as: Float.self)
    output(first + 1).storeBytes(of: max, as: Float.self)
  }
}

extension NodeContext {
  /// Attribute `axis`: -1, or a dimension.
  func channelAxis(_ key: String = "axis") throws -> Int {
    let axis = try int(key)
    guard (-1...Shape.maximumRank).contains(axis) else {
      throw BNormError.invalid("attribute \(key) is \(axis), expected -1 or a dimension")
    }
    return axis
  }

  /// An attribute that fits into 32 bits.
  func int32(_ key: String) throws -> Int32 {
    guard let value = Int32(exactly: try int(key)) else {
      throw BNormError.invalid("attribute \(key) is \(try int(key)), which is not an int32")
    }
    return value
  }
}

/// Throws unless inputs `range` may be scalars.
func requireScalars(_ inputs: [Fact], _ range: some Sequence<Int>) throws {
  for i in range { try inputs[i].shape.requireRank(0, "input \(i)") }
}

extension QuantizedRange {
  /// Throws unless the maximum lies above the minimum.
  func requireOrdered(_ first: Int) throws {
    guard max > min else {
      throw BNormError.invalid(
        "input \(first + 1) (maximum) is \(max), expected more than input \(first) (minimum), "
          + "which is \(min)")
    }
  }
}
