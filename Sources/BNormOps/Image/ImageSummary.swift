import BNormCore
import BNormProto
import BNormTensor

/// A `Summary` with images as PNG files; numbers are scaled to the range of bytes.
struct ImageSummary: EagerOperation {
  static let opNames = ["ImageSummary"]
  private let maximum: Int
  private let badColor: [UInt8]

  init(_ node: NodeContext) throws {
    maximum = try node.int("max_images")
    let color = node.optional("bad_color")?.asTensor ?? Tensor([UInt8(255), 0, 0, 255])
    guard color.dtype == .uint8 else {
      throw BNormError.invalid("bad_color must be uint8, got \(color.dtype.name)")
    }
    badColor = color.array(UInt8.self)
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (tag, tensor) = (inputs[0], inputs[1])
    guard tag.rank == 0 else {
      throw BNormError.invalid("Tags must be a scalar, got shape \(tag.shape)")
    }
    guard tensor.rank == 4, [1, 3, 4].contains(tensor.shape[3]) else {
      throw BNormError.invalid(
        "Tensor must be 4-D with last dim 1, 3, or 4, not \(tensor.shape)")
    }
    let (height, width, depth) = (tensor.shape[1], tensor.shape[2], tensor.shape[3])
    guard badColor.count >= depth else {
      throw BNormError.invalid("expected depth <= bad_color.size, got depth = \(depth)")
    }
    let size = height * width * depth
    var writer = WireWriter()
    for i in 0..<min(tensor.shape[0], maximum) {
      let pixels = try bytes(tensor, i * size, size, depth)
      let png = try pixels.withUnsafeBytes {
        try PNGFile.encode(
          $0.baseAddress ?? tensor.pointer, width: width, height: height, channels: depth, bits: 8,
          compression: -1)
      }
      writer.message(1) { value in
        value.string(1, tag.strings[0].string + (maximum > 1 ? "/image/\(i)" : "/image"))
        value.message(4) { image in
          image.integer(1, height)
          image.integer(2, width)
          image.integer(3, depth)
          image.data(4, png.bytes)
        }
      }
    }
    return [Tensor(strings: [ByteString(writer.bytes)], shape: .scalar)]
  }

  private func bytes(_ tensor: Tensor, _ start: Int, _ count: Int, _ depth: Int) throws -> [UInt8] {
    let range = start..<(start + count)
    switch tensor.dtype {
    case .uint8: return Array(tensor.elements(UInt8.self)[range])
    case .half:
      return scaled(tensor.elements(Float16.self)[range].map { Float($0) }, depth) {
        Float(Float16($0))
      }
    case .float: return scaled(Array(tensor.elements(Float.self)[range]), depth) { $0 }
    case .double:
      return scaled(tensor.elements(Double.self)[range].map { Float($0) }, depth) { $0 }
    default: throw BNormError.unsupported("dtype \(tensor.dtype.name)")
    }
  }

  /// Positive numbers fill 0...255; others are centred on 128. Pixels that are not finite get the
  /// bad colour.
  private func scaled(
    _ values: [Float], _ depth: Int, _ rounded: (Float) -> Float
  ) -> [UInt8] {
    var (low, high) = (Float.infinity, -Float.infinity)
    func isFinite(_ pixel: Int) -> Bool {
      values[pixel..<(pixel + depth)].allSatisfy(\.isFinite)
    }
    let pixels = stride(from: 0, to: values.count, by: depth)
    for pixel in pixels where isFinite(pixel) {
      for k in 0..<depth {
        low = min(low, values[pixel + k])
        high = max(high, values[pixel + k])
      }
    }
    let centred = low < 0
    let bound = centred ? max(abs(low), abs(high)) : high
    let scale = rounded(bound < 1e-6 ? 0 : (centred ? 127 : 255) / bound)
    let offset: Float = centred ? 128 : 0
    var out: [UInt8] = []
    out.reserveCapacity(values.count)
    for pixel in pixels {
      for k in 0..<depth {
        guard isFinite(pixel) else {
          out.append(badColor[k])
          continue
        }
        let value = rounded(rounded(values[pixel + k] * scale) + offset)
        out.append(UInt8(max(0, min(255, value))))
      }
    }
    return out
  }
}
