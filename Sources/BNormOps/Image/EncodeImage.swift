import BNormCore
import BNormTensor
import CBNormCodecs

/// Images as PNG files, one for each of the leading dimensions.
struct EncodePng: EagerOperation {
  static let opNames = ["EncodePng"]
  let compression: Int

  init(_ node: NodeContext) throws {
    compression = try node.int("compression")
    guard (-1...9).contains(compression) else {
      throw BNormError.invalid("attribute compression is \(compression), expected -1 to 9")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 3, "input 0 (image)")
    return [PartialShape(inputs[0].shape.dimensions.map { Array($0.dropLast(3)) })]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let image = inputs[0], shape = image.shape
    try PartialShape(shape).requireRank(atLeast: 3, "input 0 (image)")
    let batch = Shape(Array(shape.dimensions.dropLast(3)))
    let height = shape[shape.rank - 3], width = shape[shape.rank - 2]
    let channels = shape[shape.rank - 1]
    guard shape.count < Int(Int32.max), width.multipliedReportingOverflow(by: channels).partialValue
      < Int(Int32.max) / 2
    else { throw BNormError.invalid("input 0 (image) has shape \(shape), which is too large") }
    guard (1...4).contains(channels) else {
      throw BNormError.invalid("input 0 (image) has \(channels) channels, expected 1 to 4")
    }
    let bytes = height * width * channels * image.dtype.size
    let files = try (0..<batch.count).map { i in
      try PNGFile.encode(
        image.pointer + i * bytes, width: width, height: height, channels: channels,
        bits: 8 * image.dtype.size, compression: compression)
    }
    return [Tensor(strings: files, shape: batch)]
  }
}

/// An image as a JPEG file.
struct EncodeJpeg: EagerOperation {
  static let opNames = ["EncodeJpeg", "EncodeJpegVariableQuality"]
  let format: String
  let encoding: bnorm_jpeg_encoding
  let xmp: ByteString
  let readsQuality: Bool

  init(_ node: NodeContext) throws {
    var encoding = bnorm_jpeg_encoding()
    encoding.quality = 95
    encoding.chroma_downsampling = 1
    encoding.density_unit = 1
    encoding.x_density = 300
    encoding.y_density = 300
    readsQuality = node.op == "EncodeJpegVariableQuality"
    if readsQuality {
      format = ""
      xmp = .empty
    } else {
      format = try node.string("format")
      let quality = try node.int("quality")
      guard (0...100).contains(quality) else {
        throw BNormError.invalid("attribute quality is \(quality), expected 0 to 100")
      }
      encoding.quality = Int32(quality)
      encoding.progressive = try node.bool("progressive") ? 1 : 0
      encoding.optimize_size = try node.bool("optimize_size") ? 1 : 0
      encoding.chroma_downsampling = try node.bool("chroma_downsampling") ? 1 : 0
      encoding.density_unit = try node.string("density_unit") == "cm" ? 2 : 1
      encoding.x_density = Int32(truncatingIfNeeded: try node.int("x_density"))
      encoding.y_density = Int32(truncatingIfNeeded: try node.int("y_density"))
      xmp = try node.bytes("xmp_metadata")
    }
    self.encoding = encoding
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(3, "input 0 (image)")
    if readsQuality { try inputs[1].shape.requireRank(0, "input 1 (quality)") }
    return [.scalar]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let image = inputs[0], shape = image.shape
    var encoding = encoding
    if readsQuality {
      encoding.quality = inputs[1].elements(Int32.self)[0]
      guard (0...100).contains(encoding.quality) else {
        throw BNormError.invalid("input 1 (quality) is \(encoding.quality), expected 0 to 100")
      }
    }
    let allowed = format == "grayscale" ? [1] : format == "rgb" ? [3] : [1, 3]
    guard allowed.contains(shape[2]) else {
      throw BNormError.invalid(
        "input 0 (image) has \(shape[2]) channels, expected \(allowed.map(String.init).joined(separator: " or "))")
    }
    guard shape.count < Int(Int32.max) else {
      throw BNormError.invalid("input 0 (image) has shape \(shape), which is too large")
    }
    let file = try JPEGFile.encode(
      image.elements(UInt8.self).baseAddress!, width: shape[1], height: shape[0],
      channels: shape[2], encoding, xmp: xmp)
    return [Tensor(strings: [file], shape: .scalar)]
  }
}
