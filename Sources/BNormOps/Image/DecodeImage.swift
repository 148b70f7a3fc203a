import BNormCore
import BNormTensor
import CBNormCodecs

/// The pixels of an encoded image. Each op reads the formats of the others as far as its shape
/// allows.
struct DecodeImage: EagerOperation {
  static let opNames = [
    "DecodeJpeg", "DecodeAndCropJpeg", "DecodePng", "DecodeGif", "DecodeBmp", "DecodeImage",
  ]
  let op: String
  let channels: Int
  let dtype: DType
  let expandsAnimations: Bool
  let jpeg: bnorm_jpeg_options

  init(_ node: NodeContext) throws {
    op = node.op
    var jpeg = bnorm_jpeg_options()
    jpeg.ratio = 1
    jpeg.fancy_upscaling = 1
    jpeg.acceptable_fraction = 1
    jpeg.fast_dct = 1
    if op == "DecodeJpeg" || op == "DecodeAndCropJpeg" {
      let ratio = try node.int("ratio"), method = try node.string("dct_method")
      guard [1, 2, 4, 8].contains(ratio) else {
        throw BNormError.invalid("attribute ratio is \(ratio), expected 1, 2, 4 or 8")
      }
      guard ["", "INTEGER_FAST", "INTEGER_ACCURATE"].contains(method) else {
        throw BNormError.invalid(
          "attribute dct_method is \"\(method)\", expected INTEGER_FAST or INTEGER_ACCURATE")
      }
      jpeg.ratio = Int32(ratio)
      jpeg.fancy_upscaling = try node.bool("fancy_upscaling") ? 1 : 0
      jpeg.recover = try node.bool("try_recover_truncated") ? 1 : 0
      jpeg.acceptable_fraction = try node.float("acceptable_fraction")
      jpeg.fast_dct = method == "INTEGER_ACCURATE" ? 0 : 1
    }
    dtype = op == "DecodePng" || op == "DecodeImage" ? try node.dtype("dtype") : .uint8
    expandsAnimations = op == "DecodeImage" ? try node.bool("expand_animations") : true
    channels = op == "DecodeGif" ? 3 : try node.int("channels")
    guard [0, 1, 3, 4].contains(channels) else {
      throw BNormError.invalid("attribute channels is \(channels), expected 0, 1, 3 or 4")
    }
    self.jpeg = jpeg
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(0, "input 0 (contents)")
    if op == "DecodeAndCropJpeg" { try inputs[1].shape.requireRank(1, "input 1 (crop_window)") }
    switch op {
    case "DecodeImage": return [.unknown]
    case "DecodeGif": return [PartialShape([-1, -1, -1, 3])]
    default: return [PartialShape([-1, -1, channels == 0 ? -1 : channels])]
    }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let bytes = inputs[0].strings[0].bytes
    guard !bytes.isEmpty else { throw BNormError.invalid("input 0 (contents) is empty") }
    guard let format = ImageFormat(bytes) else {
      throw BNormError.invalid("input 0 (contents) is no JPEG, PNG, GIF, BMP or WebP image")
    }
    func refuse(_ unless: Bool) throws {
      guard unless else { throw BNormError.invalid("\(op) does not read \(format.rawValue) images") }
    }
    func require(_ allowed: [Int]) throws {
      guard allowed.contains(channels) else {
        throw BNormError.invalid(
          "attribute channels is \(channels), but a \(format.rawValue) image has \(allowed)")
      }
    }
    switch format {
    case .jpeg:
      try require([0, 1, 3])
      try refuse(op != "DecodeBmp")
      let image = try converted(try JPEGFile.decode(bytes, try options(inputs)))
      return [op == "DecodeGif" ? withFrame(image) : image]
    case .png:
      try refuse(op != "DecodeBmp" && op != "DecodeAndCropJpeg")
      let image = try PNGFile.decode(
        bytes, channels: channels, dtype: dtype == .uint8 ? .uint8 : .uint16)
      guard dtype == .float else { return [op == "DecodeGif" ? withFrame(image) : image] }
      let scale = Float(1.0 / 65535)
      return [Tensor(image.elements(UInt16.self).map { Float($0) * scale }, shape: image.shape)]
    case .gif:
      try require([0, 3])
      try refuse(op != "DecodeBmp" && op != "DecodeAndCropJpeg")
      let frames = try GIFFile(bytes).decode(allFrames: expandsAnimations)
      let image = try converted(frames)
      let isSingle = op == "DecodePng" || op == "DecodeJpeg"
      guard !isSingle || frames.shape[0] == 1 else {
        throw BNormError.invalid("\(op) does not read a GIF of \(frames.shape[0]) frames")
      }
      return [
        isSingle || !expandsAnimations
          ? image.reshaped(Shape(Array(image.shape.dimensions.dropFirst()))) : image
      ]
    case .bmp:
      try require([0, 3, 4])
      try refuse(op == "DecodeBmp" || op == "DecodeImage")
      return [try converted(try BMPFile.decode(bytes, channels: channels))]
    case .webp:
      throw BNormError.unsupported("WebP images")
    }
  }

  private func options(_ inputs: [Tensor]) throws -> bnorm_jpeg_options {
    var options = jpeg
    options.channels = Int32(channels)
    guard op == "DecodeAndCropJpeg" else { return options }
    let window = inputs[1].elements(Int32.self)
    guard window.count == 4 else {
      throw BNormError.invalid("input 1 (crop_window) has \(window.count) elements, expected 4")
    }
    options.crop = 1
    options.crop_y = window[0]
    options.crop_x = window[1]
    options.crop_height = window[2]
    options.crop_width = window[3]
    return options
  }

  /// Bytes as the op's dtype.
  private func converted(_ image: Tensor) throws -> Tensor {
    let pixels = image.elements(UInt8.self)
    switch dtype {
    case .uint16: return Tensor(pixels.map { UInt16($0) << 8 }, shape: image.shape)
    case .float:
      let scale = Float(1.0 / 255)
      return Tensor(pixels.map { Float($0) * scale }, shape: image.shape)
    default: return image
    }
  }

  private func withFrame(_ image: Tensor) -> Tensor {
    image.reshaped(Shape([1] + image.shape.dimensions))
  }
}

/// Height, width and channels of a JPEG image.
struct ExtractJpegShape: EagerOperation {
  static let opNames = ["ExtractJpegShape"]
  let isLong: Bool

  init(_ node: NodeContext) throws { isLong = try node.dtype("output_type") == .int64 }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(0, "input 0 (contents)")
    return [PartialShape([3])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let shape = try JPEGFile.shape(inputs[0].strings[0].bytes)
    return [isLong ? Tensor(shape.map { Int64($0) }) : Tensor(shape.map { Int32($0) })]
  }
}
