import BNormCore
import BNormTensor

/// The range that quantization to `bits` bits gives a real range [min, max], moved so that zero is
/// one of its steps.
struct NudgedRange {
  let min: Float
  let max: Float
  let scale: Float
  /// min = max = 0: everything becomes 0.
  let isEmpty: Bool

  init(_ low: Float, _ high: Float, _ steps: QuantizedSteps) {
    isEmpty = low == 0 && high == 0
    let (first, last) = (Float(steps.first), Float(steps.last))
    scale = (high - low) / (last - first)
    let zero = first - low / scale
    let nudged: Float =
      zero < first ? first : zero > last ? last : zero.rounded(.toNearestOrAwayFromZero)
    min = (first - nudged) * scale
    max = (last - nudged) * scale
  }

  @inline(__always)
  func quantize(_ x: Float) -> Float {
    if isEmpty { return 0 }
    let clamped = Swift.max(Swift.min(x, max), min)
    let inverse = 1 / scale
    let zero = (-min * inverse + 0.5).rounded(.down)
    return ((clamped - min) * inverse - zero + 0.5).rounded(.down) * scale
  }

  @inline(__always)
  func contains(_ x: Float) -> Bool { isEmpty || (x >= min && x <= max) }
}

/// The integers of a quantized range.
struct QuantizedSteps: Sendable {
  let first: Int
  let last: Int

  init(_ node: NodeContext) throws {
    let bits = try node.int("num_bits")
    guard (2...16).contains(bits) else {
      throw BNormError.invalid("attribute num_bits is \(bits), expected 2 to 16")
    }
    first = try node.bool("narrow_range") ? 1 : 0
    last = (1 << bits) - 1
  }
}

/// Floats rounded to what a quantized dtype can hold; the range is an attribute, two scalars or two
/// vectors with one element for each channel (the last dimension).
struct FakeQuant: EagerOperation {
  static let opNames = [
    "FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel",
    "FakeQuantWithMinMaxArgsGradient", "FakeQuantWithMinMaxVarsGradient",
    "FakeQuantWithMinMaxVarsPerChannelGradient",
  ]
  private enum Range: Sendable { case fixed(Float, Float), scalars, channels }
  private let range: Range
  private let steps: QuantizedSteps
  private let isGradient: Bool

  init(_ node: NodeContext) throws {
    steps = try QuantizedSteps(node)
    isGradient = node.op.hasSuffix("Gradient")
    guard node.op.contains("Args") else {
      range = node.op.contains("PerChannel") ? .channels : .scalars
      return
    }
    let (low, high) = (try node.float("min"), try node.float("max"))
    guard low < high else {
      throw BNormError.invalid("attribute min is \(low), expected less than max, which is \(high)")
    }
    range = .fixed(low, high)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    var shape = inputs[0].shape
    if isGradient {
      guard let merged = shape.merged(inputs[1].shape) else {
        throw BNormError.invalid(
          "input 0 (gradients) has shape \(shape), but input 1 (inputs) has \(inputs[1].shape)")
      }
      shape = merged
    }
    let base = isGradient ? 2 : 1
    switch range {
    case .fixed: return [shape]
    case .scalars:
      for k in 0..<2 { try inputs[base + k].shape.requireRank(0, "input \(base + k)") }
      return isGradient ? [shape, .scalar, .scalar] : [shape]
    case .channels:
      for k in 0..<2 { try inputs[base + k].shape.requireRank(1, "input \(base + k)") }
      try shape.requireRank(atLeast: 1, "input 0")
      return isGradient ? [shape, inputs[base].shape, inputs[base].shape] : [shape]
    }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let x = inputs[isGradient ? 1 : 0]
    if isGradient, inputs[0].shape != x.shape {
      throw BNormError.invalid(
        "input 0 (gradients) has shape \(inputs[0].shape), but input 1 (inputs) has \(x.shape)")
    }
    let ranges = try makeRanges(x, Array(inputs.dropFirst(isGradient ? 2 : 1)))
    let out = Tensor(dtype: .float, shape: x.shape)
    let (source, target) = (x.elements(Float.self), out.mutableElements(Float.self))
    let channels = ranges.count
    guard isGradient else {
      for i in 0..<x.count { target[i] = ranges[i % channels].quantize(source[i]) }
      return [out]
    }
    let gradient = inputs[0].elements(Float.self)
    var below = [Float](repeating: 0, count: channels)
    var above = below
    for i in 0..<x.count {
      let r = ranges[i % channels]
      // Products, so that an infinite gradient outside of the range is not a number.
      target[i] = r.isEmpty ? gradient[i] : gradient[i] * (r.contains(source[i]) ? 1 : 0)
      if !r.isEmpty {
        below[i % channels] += gradient[i] * (source[i] < r.min ? 1 : 0)
        above[i % channels] += gradient[i] * (source[i] > r.max ? 1 : 0)
      }
    }
    switch range {
    case .fixed: return [out]
    case .scalars: return [out, Tensor(scalar: below[0]), Tensor(scalar: above[0])]
    case .channels: return [out, Tensor(below), Tensor(above)]
    }
  }

  private func makeRanges(_ x: Tensor, _ bounds: [Tensor]) throws -> [NudgedRange] {
    if case .fixed(let low, let high) = range { return [NudgedRange(low, high, steps)] }
    let expected: Shape
    if case .channels = range {
      guard x.rank >= 1 else { throw BNormError.invalid("input 0 is a scalar without channels") }
      expected = [x.shape[x.rank - 1]]
    } else {
      expected = .scalar
    }
    for (k, bound) in bounds.enumerated() where bound.shape != expected {
      throw BNormError.invalid(
        "\(k == 0 ? "min" : "max") has shape \(bound.shape), expected \(expected)")
    }
    let ranges = zip(bounds[0].elements(Float.self), bounds[1].elements(Float.self))
      .map { NudgedRange($0, $1, steps) }
    return ranges.isEmpty ? [NudgedRange(0, 0, steps)] : ranges
  }
}
