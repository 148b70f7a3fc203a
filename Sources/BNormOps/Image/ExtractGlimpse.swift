import BNormCore
import BNormTensor
import Glibc

/// A window cut out of each image around an offset; what lies outside is noise or zero.
struct ExtractGlimpse: PlannedOperation, UnfoldableOperation {
  static let opNames = ["ExtractGlimpse", "ExtractGlimpseV2"]
  enum Noise { case uniform, gaussian, zero }

  let isFirstVersion: Bool
  let isCentered: Bool
  let isNormalized: Bool
  let noise: Noise

  init(_ node: NodeContext) throws {
    isFirstVersion = node.op == "ExtractGlimpse"
    isCentered = try node.bool("centered")
    isNormalized = try node.bool("normalized")
    let isUniform = try node.bool("uniform_noise"), name = try node.string("noise")
    guard !isUniform || name.isEmpty || name == "uniform" else {
      throw BNormError.invalid("attributes uniform_noise and noise (\"\(name)\") contradict")
    }
    switch name {
    case "": noise = isUniform ? .uniform : .gaussian
    case "uniform": noise = .uniform
    case "gaussian": noise = .gaussian
    case "zero": noise = .zero
    default:
      throw BNormError.invalid("attribute noise is \"\(name)\", expected uniform, gaussian or zero")
    }
  }

  var valueInputs: [Int] { [1] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let images = inputs[0].shape
    try images.requireRank(4, "input 0 (input)")
    try inputs[1].shape.requireRank(1, "input 1 (size)")
    try inputs[2].shape.requireRank(2, "input 2 (offsets)")
    if let count = inputs[1].shape[0], count != 2 {
      throw BNormError.invalid("input 1 (size) has \(count) elements, expected 2")
    }
    let size = inputs[1].integers
    if let size, size[0] < 0 || size[1] < 0 {
      throw BNormError.invalid("input 1 (size) is \(size), but must not be negative")
    }
    return [PartialShape([images[0] ?? -1, size?[0] ?? -1, size?[1] ?? -1, images[3] ?? -1])]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let images = context.inputShape(0), output = context.outputShape(0)
    let offsets = context.inputShape(2)
    guard offsets[0] == images[0], offsets[1] == 2 else {
      throw BNormError.invalid("input 2 (offsets) has shape \(offsets), expected [\(images[0]),2]")
    }
    guard output.count > 0 else { return .run { _ in } }
    let channels = images[3], pixels = output[1] * output[2], inputPixels = images[1] * images[2]
    let noise = noise
    return .run { io in
      let input = io.input(0).typed(Float.self), result = io.output(0).typed(Float.self)
      let offsets = io.input(2).typed(Float.self)
      for b in 0..<images[0] {
        let image = input + b * inputPixels * channels, glimpse = result + b * pixels * channels
        let y = try start(offsets[2 * b], images[1], output[1], b)
        let x = try start(offsets[2 * b + 1], images[2], output[2], b)
        let rows = Window(start: y, size: output[1], limit: images[1])
        let columns = Window(start: x, size: output[2], limit: images[2])
        if rows.isPartial || columns.isPartial {
          Background(image: image, pixels: inputPixels, channels: channels)
            .fill(glimpse, pixels: pixels, noise: noise)
        }
        guard columns.count > 0 else { continue }
        for row in 0..<rows.count {
          let from = ((rows.from + row) * images[2] + columns.from) * channels
          let to = ((rows.to + row) * output[2] + columns.to) * channels
          (glimpse + to).update(from: image + from, count: columns.count * channels)
        }
      }
    }
  }

  /// The first row or column of a window, given its offset.
  private func start(_ offset: Float, _ size: Int, _ window: Int, _ image: Int) throws -> Int {
    var x = offset
    if isFirstVersion {
      if isNormalized { x *= Float(size) }
      if isCentered { x = x / 2 + Float(size) / 2 }
      x -= Float(window) / 2
    } else if isNormalized {
      x *= Float(size)
      if isCentered { x = x / 2 + Float(size) / 2 - Float(window) / 2 }
    } else if isCentered {
      x += Float(size) / 2
    }
    // What no integer holds lies outside of the image.
    return x > -0x1p31 && x < 0x1p31 ? Int(x) : -1 << 32
  }
}

/// The part of a window that lies in the image.
private struct Window {
  var from: Int, to: Int, count: Int
  let isPartial: Bool

  init(start: Int, size: Int, limit: Int) {
    from = start
    to = 0
    count = size
    var isPartial = false
    if start < 0 {
      from = 0
      count = max(0, size + start)
      to = size - count
      isPartial = true
    } else if start + size >= limit {
      count = max(0, limit - start)
      isPartial = true
    }
    count = min(count, limit)
    if count == 0 { from = 0 }
    self.isPartial = isPartial
  }
}

/// Noise after the values of an image.
private struct Background {
  let image: UnsafePointer<Float>
  let pixels: Int
  let channels: Int

  func fill(_ out: UnsafeMutablePointer<Float>, pixels outPixels: Int, noise: ExtractGlimpse.Noise) {
    var random = SystemRandomNumberGenerator()
    let outCount = outPixels * channels, count = pixels * channels
    switch noise {
    case .zero: out.update(repeating: 0, count: outCount)
    case .uniform:
      var low = Float.infinity, high = -Float.infinity
      for i in 0..<count {
        low = min(low, image[i])
        high = max(high, image[i])
      }
      for i in 0..<outCount { out[i] = low + Float.random(in: 0..<1, using: &random) * (high - low) }
    case .gaussian:
      for c in 0..<channels {
        var sum: Float = 0, low = Float.infinity, high = -Float.infinity
        for i in 0..<pixels {
          let x = image[i * channels + c]
          sum += x
          low = min(low, x)
          high = max(high, x)
        }
        let mean = sum / Float(pixels)
        var squares: Float = 0
        for i in 0..<pixels {
          let d = image[i * channels + c] - mean
          squares += d * d
        }
        let sigma = (squares / Float(pixels)).squareRoot()
        for i in 0..<outPixels {
          out[i * channels + c] = max(min(mean + normal(&random) * sigma, high), low)
        }
      }
    }
  }

  /// A normally distributed number by the polar method.
  private func normal(_ random: inout SystemRandomNumberGenerator) -> Float {
    while true {
      let u = Double.random(in: -1..<1, using: &random), v = Double.random(in: -1..<1, using: &random)
      let s = u * u + v * v
      if s > 0, s < 1 { return Float(u * (-2 * log(s) / s).squareRoot()) }
    }
  }
}
