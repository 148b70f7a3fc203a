import BNormTensor
import Glibc

/// The resampling kernels of ScaleAndTranslate: weight by distance, in pixels.
enum SamplingKernel: Sendable {
  case lanczos(radius: Float)
  case gaussian
  case box
  case triangle
  case keysCubic
  case mitchellCubic

  init(name: String) throws {
    switch name {
    case "lanczos1": self = .lanczos(radius: 1)
    case "lanczos3": self = .lanczos(radius: 3)
    case "lanczos5": self = .lanczos(radius: 5)
    case "gaussian": self = .gaussian
    case "box": self = .box
    case "triangle": self = .triangle
    case "keyscubic": self = .keysCubic
    case "mitchellcubic": self = .mitchellCubic
    default: throw BNormError.invalid("attribute kernel_type is \"\(name)\", which is no kernel")
    }
  }

  var radius: Float {
    switch self {
    case .lanczos(let radius): radius
    case .gaussian: 1.5
    case .box, .triangle: 1
    case .keysCubic, .mitchellCubic: 2
    }
  }

  func weight(_ distance: Float) -> Float {
    let x = abs(distance)
    switch self {
    case .lanczos(let radius):
      let pi: Float = 3.14159265359
      if x > radius { return 0 }
      if x <= 1e-3 { return 1 }
      return radius * sinf(pi * x) * sinf(pi * x / radius) / (pi * pi * x * x)
    case .gaussian:
      if x >= 1.5 { return 0 }
      let sigma: Float = 1.5 / 3
      return Float(exp(Double(-x * x) / (2.0 * Double(sigma) * Double(sigma))))
    case .box: return x < 0.5 ? 1 : x == 0.5 ? 0.5 : 0
    case .triangle: return x < 1 ? 1 - x : 0
    case .keysCubic:
      if x >= 2 { return 0 }
      if x >= 1 { return ((-0.5 * x + 2.5) * x - 4) * x + 2 }
      return ((1.5 * x - 2.5) * x) * x + 1
    case .mitchellCubic:
      if x >= 2 { return 0 }
      if x >= 1 { return (((-7.0 / 18.0) * x + 2) * x - 10.0 / 3.0) * x + 16.0 / 9.0 }
      return (((7.0 / 6.0) * x - 2) * x) * x + 8.0 / 9.0
    }
  }
}

/// For each output position of a dimension: the first input position and the weights from there on.
struct SamplingSpans {
  var span: Int
  var starts: [Int32]
  var weights: [Float]

  init(
    _ kernel: SamplingKernel, output: Int, input: Int, scale: Float, translation: Float,
    antialias: Bool
  ) throws {
    let inverse = Float(1.0 / Double(scale))
    let shift = -inverse * translation
    let kernelScale = antialias ? max(inverse, 1) : 1
    let reach = (kernel.radius * kernelScale).rounded(.up)
    span = reach < Float(input) ? min(2 * Int(reach) + 1, input) : input
    let (count, overflow) = span.multipliedReportingOverflow(by: output)
    guard !overflow, count <= Shape.maximumCount else {
      throw BNormError.invalid("\(span) weights for each of \(output) positions are too many")
    }
    starts = [Int32](repeating: 0, count: output)
    weights = [Float](repeating: 0, count: count)
    let inverseScale = 1 / kernelScale
    for x in 0..<output {
      let sample = (Float(x) + 0.5) * inverse + shift
      // Positions outside the image stay 0.
      guard sample >= 0, sample <= Float(input) else { continue }
      let low = (sample - kernel.radius * kernelScale - 0.5).rounded(.up)
      let high = (sample + kernel.radius * kernelScale - 0.5).rounded(.down)
      let first = min(max(low < 0 ? 0 : Int(min(low, Float(input))), 0), input - 1)
      let last = min(max(high < 0 ? 0 : Int(min(high, Float(input))), 0), input - 1)
      var sum: Float = 0
      var found: [Float] = []
      for source in first...max(first, last) {
        let weight = kernel.weight((Float(source) + 0.5 - sample) * inverseScale)
        sum += weight
        found.append(weight)
      }
      guard found.count <= span else {
        throw BNormError.invalid("a span of \(found.count) inputs is larger than \(span)")
      }
      if abs(sum) >= 1000 * Float.leastNormalMagnitude {
        let inverseSum = 1 / sum
        for (i, weight) in found.enumerated() { weights[x * span + i] = weight * inverseSum }
      }
      starts[x] = Int32(first)
    }
  }

  /// The transposed map: for each of `inputs` positions the outputs that it goes to.
  func transposed(inputs: Int) throws -> SamplingSpans {
    var first = [Int](repeating: -1, count: inputs), last = first
    func each(_ body: (_ output: Int, _ input: Int, _ weight: Float) -> Void) {
      for output in starts.indices {
        for j in 0..<span {
          let weight = weights[output * span + j], input = Int(starts[output]) + j
          if weight != 0, input < inputs { body(output, input, weight) }
        }
      }
    }
    each { output, input, _ in
      if first[input] < 0 { first[input] = output }
      last[input] = output
    }
    var result = self
    result.span = zip(first, last).map { $0 < 0 ? 0 : $1 - $0 + 1 }.max() ?? 0
    let (count, overflow) = result.span.multipliedReportingOverflow(by: inputs)
    guard !overflow, count <= Shape.maximumCount else {
      throw BNormError.invalid("\(result.span) weights for each of \(inputs) positions are too many")
    }
    result.starts = first.map { Int32(max($0, 0)) }
    var gathered = [Float](repeating: 0, count: count)
    let width = result.span
    each { output, input, weight in gathered[input * width + output - first[input]] += weight }
    result.weights = gathered
    return result
  }
}
