import BNormTensor

/// GIF files: frames of palette indices, compressed by LZW.
struct GIFFile {
  struct Frame {
    var left = 0, top = 0, width = 0, height = 0
    var palette: [UInt8]?
    var transparent: Int?
    /// Palette indices; fewer than pixels if the data ended early.
    var indices: [UInt8] = []
  }

  private(set) var frames: [Frame] = []
  private let bytes: [UInt8]
  private var position = 0
  private var globalPalette: [UInt8]?

  init(_ bytes: [UInt8]) throws {
    self.bytes = bytes
    try parse()
  }

  private static func truncated() -> BNormError { .invalid("no valid GIF: the data end too early") }

  private mutating func byte() throws -> Int {
    guard position < bytes.count else { throw GIFFile.truncated() }
    position += 1
    return Int(bytes[position - 1])
  }
  private mutating func short() throws -> Int { try byte() | byte() << 8 }
  private mutating func take(_ count: Int) throws -> [UInt8] {
    guard count <= bytes.count - position else { throw GIFFile.truncated() }
    position += count
    return Array(bytes[(position - count)..<position])
  }
  private mutating func palette(_ flags: Int) throws -> [UInt8]? {
    flags & 0x80 == 0 ? nil : try take(3 << ((flags & 7) + 1))
  }

  private mutating func parse() throws {
    guard bytes.count >= 13, bytes[0] == 0x47, bytes[1] == 0x49, bytes[2] == 0x46 else {
      throw BNormError.invalid("no valid GIF: the signature is missing")
    }
    position = 10
    let flags = try byte()
    position += 2
    globalPalette = try palette(flags)
    var transparent: Int?
    while true {
      switch try byte() {
      case 0x3b: return
      case 0x21:
        let label = try byte()
        var block = try take(try byte())
        if label == 0xf9, block.count >= 4 {
          transparent = block[0] & 1 != 0 ? Int(block[3]) : nil
        }
        while !block.isEmpty { block = try take(try byte()) }
      case 0x2c:
        var frame = Frame()
        frame.left = try short()
        frame.top = try short()
        frame.width = try short()
        frame.height = try short()
        let flags = try byte()
        frame.palette = try palette(flags) ?? globalPalette
        frame.transparent = transparent
        transparent = nil
        guard frame.width > 0, frame.height > 0 else {
          throw BNormError.invalid("no valid GIF: a frame of \(frame.width) by \(frame.height)")
        }
        let codeSize = try byte()
        var data: [UInt8] = []
        var block = try take(try byte())
        while !block.isEmpty {
          data += block
          block = try take(try byte())
        }
        let indices = try LZWDecoder(minimumCodeSize: codeSize).decode(
          data, count: frame.width * frame.height)
        frame.indices = flags & 0x40 == 0 ? indices : GIFFile.deinterlaced(indices, frame)
        frames.append(frame)
      case let other:
        throw BNormError.invalid("no valid GIF: a block of kind \(other)")
      }
    }
  }

  private static func deinterlaced(_ indices: [UInt8], _ frame: Frame) -> [UInt8] {
    var out = indices, line = 0
    for (start, step) in [(0, 8), (4, 8), (2, 4), (1, 2)] {
      for y in stride(from: start, to: frame.height, by: step) {
        for x in 0..<frame.width { out[y * frame.width + x] = indices[line * frame.width + x] }
        line += 1
      }
    }
    return out
  }

  /// Frames [count, height, width, 3] of uint8, each drawn over the one before it; only the first
  /// one if `allFrames` is false.
  func decode(allFrames: Bool) throws -> Tensor {
    guard !frames.isEmpty else { throw BNormError.invalid("the GIF contains no image") }
    let width = frames.map(\.width).max()!, height = frames.map(\.height).max()!
    let count = allFrames ? frames.count : 1
    let shape = try Shape(checking: [count, height, width, 3]).fitting(.uint8)
    let out = Tensor(dtype: .uint8, shape: shape)
    let pixels = out.mutableElements(UInt8.self)
    let size = width * height * 3
    for (k, frame) in frames.prefix(count).enumerated() {
      let canvas = UnsafeMutableBufferPointer(rebasing: pixels[(k * size)..<((k + 1) * size)])
      if k == 0 {
        canvas.update(repeating: 0)
      } else {
        _ = canvas.update(fromContentsOf: pixels[((k - 1) * size)..<(k * size)])
      }
      guard let palette = frame.palette else {
        throw BNormError.invalid("frame \(k) of the GIF has no colours")
      }
      for y in 0..<frame.height where frame.top + y < height {
        for x in 0..<frame.width where frame.left + x < width {
          let index = Int(frame.indices[y * frame.width + x])
          if index == frame.transparent { continue }
          guard 3 * index + 2 < palette.count else {
            throw BNormError.invalid(
              "frame \(k) of the GIF uses colour \(index) of \(palette.count / 3)")
          }
          let to = ((frame.top + y) * width + frame.left + x) * 3
          for c in 0..<3 { canvas[to + c] = palette[3 * index + c] }
        }
      }
    }
    return out
  }
}

/// GIF's variant of LZW: codes of growing width, lowest bits first.
private struct LZWDecoder {
  let minimumCodeSize: Int

  init(minimumCodeSize: Int) throws {
    guard (1...8).contains(minimumCodeSize) else {
      throw BNormError.invalid("no valid GIF: codes of \(minimumCodeSize) bits")
    }
    self.minimumCodeSize = minimumCodeSize
  }

  func decode(_ data: [UInt8], count: Int) throws -> [UInt8] {
    let clear = 1 << minimumCodeSize, end = clear + 1
    var prefix = [UInt16](repeating: 0, count: 4096)
    var suffix = [UInt8](repeating: 0, count: 4096)
    for i in 0..<clear { suffix[i] = UInt8(i) }
    var out = [UInt8]()
    guard count <= 1 << 31 else { throw BNormError.invalid("the GIF is too large") }
    out.reserveCapacity(count)
    var bits = 0, held = 0, width = minimumCodeSize + 1, next = clear + 2
    var previous = -1, first: UInt8 = 0
    var stack: [UInt8] = []
    var position = 0
    while out.count < count {
      while held < width {
        guard position < data.count else {
          throw BNormError.invalid("no valid GIF: the data end too early")
        }
        bits |= Int(data[position]) << held
        position += 1
        held += 8
      }
      let code = bits & (1 << width - 1)
      bits >>= width
      held -= width
      if code == clear {
        width = minimumCodeSize + 1
        next = clear + 2
        previous = -1
        continue
      }
      guard code != end else {
        throw BNormError.invalid("no valid GIF: the data end too early")
      }
      guard code < next || (code == next && previous >= 0), previous >= 0 || code < clear else {
        throw BNormError.invalid("no valid GIF: a code that was not defined")
      }
      var walk = code
      if code == next {
        stack.append(first)
        walk = previous
      }
      while walk >= clear {
        stack.append(suffix[walk])
        walk = Int(prefix[walk])
      }
      first = suffix[walk]
      stack.append(first)
      while out.count < count, let value = stack.popLast() { out.append(value) }
      stack.removeAll(keepingCapacity: true)
      if previous >= 0, next < 4096 {
        prefix[next] = UInt16(previous)
        suffix[next] = first
        next += 1
        if next == 1 << width, width < 12 { width += 1 }
      }
      previous = code
    }
    return out
  }
}
