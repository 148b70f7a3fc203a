import BNormTensor
import CBNormCodecs

/// The formats of image files, told apart by their first bytes.
enum ImageFormat: String {
  case jpeg = "JPEG"
  case png = "PNG"
  case gif = "GIF"
  case bmp = "BMP"
  case webp = "WebP"

  init?(_ bytes: [UInt8]) {
    func starts(_ prefix: [UInt8]) -> Bool { bytes.starts(with: prefix) }
    if starts([0xff, 0xd8, 0xff]) {
      self = .jpeg
    } else if starts([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
      self = .png
    } else if starts([0x47, 0x49, 0x46, 0x38]) {
      self = .gif
    } else if starts([0x42, 0x4d]) {
      self = .bmp
    } else if starts([0x52, 0x49, 0x46, 0x46]), bytes.count > 12,
      bytes[8...].starts(with: [0x57, 0x45, 0x42, 0x50])
    {
      self = .webp
    } else {
      return nil
    }
  }
}

extension bnorm_codec_error {
  var message: String {
    withUnsafeBytes(of: text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

/// PNG files.
enum PNGFile {
  /// The image as [height, width, channels] of uint8 or uint16; 0 channels: as many as it has.
  static func decode(_ bytes: [UInt8], channels: Int, dtype: DType) throws -> Tensor {
    var error = bnorm_codec_error()
    let bits: Int32 = dtype == .uint8 ? 8 : 16
    return try bytes.withUnsafeBufferPointer { data in
      guard let png = bnorm_png_open(data.baseAddress, data.count, Int32(channels), bits, &error)
      else { throw BNormError.invalid("no valid PNG: \(error.message)") }
      defer { bnorm_png_close(png) }
      let width = Int(bnorm_png_width(png)), height = Int(bnorm_png_height(png))
      guard width > 0, width < 1 << 27, height > 0, height < 1 << 27, width * height < 1 << 29 else {
        throw BNormError.invalid("a PNG of \(width) by \(height) pixels is too large")
      }
      let out = Tensor(dtype: dtype, shape: [height, width, Int(bnorm_png_channels(png))])
      guard bnorm_png_read(png, out.storage.pointer, &error) != 0 else {
        throw BNormError.invalid("no valid PNG: \(error.message)")
      }
      return out
    }
  }

  static func encode(
    _ image: UnsafeRawPointer, width: Int, height: Int, channels: Int, bits: Int, compression: Int
  ) throws -> ByteString {
    var error = bnorm_codec_error(), out = bnorm_codec_bytes()
    guard width > 0, height > 0,
      bnorm_png_write(
        image, UInt32(width), UInt32(height), Int32(channels), Int32(bits), Int32(compression),
        &out, &error) != 0
    else { throw BNormError.invalid("PNG encoding failed: \(error.message)") }
    defer { bnorm_codec_free(&out) }
    return ByteString(UnsafeBufferPointer(start: out.data, count: out.size))
  }
}

/// JPEG files.
enum JPEGFile {
  private final class Target {
    var tensor: Tensor?
  }

  /// The image as [height, width, channels] of uint8.
  static func decode(_ bytes: [UInt8], _ options: bnorm_jpeg_options) throws -> Tensor {
    var error = bnorm_codec_error(), options = options
    let target = Target()
    let ok = bytes.withUnsafeBufferPointer { data in
      bnorm_jpeg_read(
        data.baseAddress, data.count, &options,
        { context, width, height, channels in
          let target = Unmanaged<Target>.fromOpaque(context!).takeUnretainedValue()
          let tensor = Tensor(dtype: .uint8, shape: [Int(height), Int(width), Int(channels)])
          target.tensor = tensor
          return tensor.storage.pointer.assumingMemoryBound(to: UInt8.self)
        }, Unmanaged.passUnretained(target).toOpaque(), &error)
    }
    guard ok != 0, let tensor = target.tensor else {
      throw BNormError.invalid("no valid JPEG data or crop window: \(error.message)")
    }
    return tensor
  }

  /// Height, width and channels.
  static func shape(_ bytes: [UInt8]) throws -> [Int] {
    var error = bnorm_codec_error()
    var shape: [Int32] = [0, 0, 0]
    let ok = bytes.withUnsafeBufferPointer {
      bnorm_jpeg_shape($0.baseAddress, $0.count, &shape, &error)
    }
    guard ok != 0 else { throw BNormError.invalid("no valid JPEG data: \(error.message)") }
    return shape.map { Int($0) }
  }

  static func encode(
    _ image: UnsafePointer<UInt8>, width: Int, height: Int, channels: Int,
    _ encoding: bnorm_jpeg_encoding, xmp: ByteString = .empty
  ) throws -> ByteString {
    guard width > 0, height > 0, width * height < 1 << 29 else {
      throw BNormError.invalid("an image of \(width) by \(height) pixels is no JPEG")
    }
    var error = bnorm_codec_error(), out = bnorm_codec_bytes(), encoding = encoding
    let ok = xmp.bytes.withUnsafeBufferPointer { xmp in
      bnorm_jpeg_write(
        image, Int32(width), Int32(height), Int32(channels), &encoding, xmp.baseAddress, xmp.count,
        &out, &error)
    }
    guard ok != 0 else { throw BNormError.invalid("JPEG encoding failed: \(error.message)") }
    defer { bnorm_codec_free(&out) }
    return ByteString(UnsafeBufferPointer(start: out.data, count: out.size))
  }
}

/// BMP files.
enum BMPFile {
  /// The image as [height, width, channels] of uint8.
  static func decode(_ bytes: [UInt8], channels: Int) throws -> Tensor {
    guard bytes.count >= 32 else {
      throw BNormError.invalid("a BMP needs at least 32 bytes, but this has \(bytes.count)")
    }
    func int32(_ at: Int) -> Int {
      Int(Int32(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << (8 * $1) }))
    }
    let header = int32(10), width = int32(18), signedHeight = int32(22)
    let depth = Int(bytes[28]) | Int(bytes[29]) << 8
    let stored = depth / 8, height = abs(signedHeight)
    guard stored == 1 || stored == 3 || stored == 4 else {
      throw BNormError.invalid("the BMP has \(stored) channels, expected 1, 3 or 4")
    }
    guard width > 0, height > 0, header >= 0 else {
      throw BNormError.invalid("the BMP has width \(width), height \(signedHeight), header \(header)")
    }
    guard width * height < Int(Int32.max) / 8 else {
      throw BNormError.invalid("a BMP of \(width) by \(height) pixels is too large")
    }
    let wanted = channels == 0 ? stored : channels
    let row = (stored * width + 3) / 4 * 4
    guard bytes.count == header + row * height else {
      throw BNormError.invalid(
        "the BMP has \(bytes.count) bytes, but its header asks for \(header + row * height)")
    }
    let out = Tensor(dtype: .uint8, shape: [height, width, wanted])
    let pixels = out.mutableElements(UInt8.self)
    for y in 0..<height {
      let line = header + (signedHeight < 0 ? y : height - 1 - y) * row
      for x in 0..<width {
        let from = line + x * stored, to = (y * width + x) * wanted
        if stored == 1 {
          for c in 0..<min(wanted, 3) { pixels[to + c] = bytes[from] }
        } else {
          for c in 0..<3 { pixels[to + c] = bytes[from + 2 - c] }
        }
        if wanted == 4 { pixels[to + 3] = stored == 4 ? bytes[from + 3] : 255 }
      }
    }
    return out
  }
}
