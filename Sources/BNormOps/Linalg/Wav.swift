import BNormCore
import BNormTensor

/// The samples of a WAV file as floats [samples, channels], and its sample rate.
struct DecodeWav: EagerOperation {
  static let opNames = ["DecodeWav"]
  let channels: Int
  let samples: Int

  init(_ node: NodeContext) throws {
    channels = try node.int("desired_channels")
    samples = try node.int("desired_samples")
    for (name, value) in [("desired_channels", channels), ("desired_samples", samples)]
    where value < -1 || value > Int(Int32.max) {
      throw BNormError.invalid("attribute \(name) is \(value), expected -1 or a count")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(0, "input 0 (contents)")
    return [PartialShape([samples, channels]), .scalar]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let file = try WavFile(inputs[0].strings[0].bytes)
    let rows = samples == -1 ? file.sampleCount : samples
    let columns = channels == -1 ? file.channels : channels
    let out = Tensor(zeros: .float, shape: try Shape(checking: [rows, columns]).fitting(.float))
    let values = out.mutableElements(Float.self)
    for row in 0..<min(rows, file.sampleCount) {
      for column in 0..<columns {
        // Channels that the file lacks repeat its last one.
        values[row * columns + column] = file.sample(row, min(column, file.channels - 1))
      }
    }
    return [out, Tensor(scalar: Int32(truncatingIfNeeded: file.sampleRate))]
  }
}

/// Floats [samples, channels] as a WAV file of 16-bit samples.
struct EncodeWav: EagerOperation {
  static let opNames = ["EncodeWav"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(2, "input 0 (audio)")
    try inputs[1].shape.requireRank(0, "input 1 (sample_rate)")
    return [.scalar]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let shape = inputs[0].shape
    let rate = Int(inputs[1].elements(Int32.self)[0])
    guard rate > 0 else {
      throw BNormError.invalid("input 1 (sample_rate) is \(rate), must be positive")
    }
    guard shape[1] > 0, shape[1] <= Int(UInt16.max) else {
      throw BNormError.invalid("input 0 (audio) has \(shape[1]) channels, expected 1 to 65535")
    }
    guard shape.count < Int(Int32.max), 44 + 2 * shape.count <= Int(UInt32.max) else {
      throw BNormError.invalid("input 0 (audio) has shape \(shape), which is too large")
    }
    let file = WavFile.encode(
      inputs[0].elements(Float.self), channels: shape[1], sampleRate: rate)
    return [Tensor(strings: [file], shape: .scalar)]
  }
}

/// WAV files of 16-bit PCM samples.
struct WavFile {
  let channels: Int
  let sampleRate: UInt32
  let sampleCount: Int
  private let bytes: [UInt8]
  private let dataStart: Int

  func sample(_ row: Int, _ channel: Int) -> Float {
    let at = dataStart + 2 * (row * channels + channel)
    return Float(Int16(bitPattern: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8)) / 32768
  }

  init(_ bytes: [UInt8]) throws {
    var reader = Reader(bytes: bytes)
    try reader.expect("RIFF")
    _ = try reader.number(4)
    try reader.expect("WAVE")
    var name = try reader.text()
    while name != "fmt " {
      guard ["JUNK", "bext", "iXML", "qlty", "mext", "levl", "link", "axml"].contains(name) else {
        throw BNormError.invalid("no valid WAV: an unexpected field \(name)")
      }
      try reader.skip(try reader.number(4))
      name = try reader.text()
    }
    let formatSize = try reader.number(4)
    guard formatSize == 16 || formatSize == 18 else {
      throw BNormError.invalid("no valid WAV: a format of \(formatSize) bytes, expected 16 or 18")
    }
    let format = try reader.number(2)
    guard format == 1 else {
      throw BNormError.invalid("no valid WAV: audio format \(format), expected 1 (PCM)")
    }
    channels = try reader.number(2)
    guard channels > 0 else { throw BNormError.invalid("no valid WAV: no channels") }
    sampleRate = UInt32(try reader.number(4))
    let bytesPerSecond = try reader.number(4), bytesPerSample = try reader.number(2)
    let bits = try reader.number(2)
    guard bits == 16 else {
      throw BNormError.invalid("only 16-bit WAV files can be read, this has \(bits) bits")
    }
    guard bytesPerSample == 2 * channels,
      bytesPerSecond == bytesPerSample * Int(sampleRate)
    else {
      throw BNormError.invalid(
        "no valid WAV: \(bytesPerSample) bytes a sample and \(bytesPerSecond) a second for "
          + "\(channels) channels at \(sampleRate) Hz")
    }
    if formatSize == 18 { try reader.skip(2) }
    var found: (start: Int, count: Int)?
    while reader.position < bytes.count {
      let name = try reader.text(), size = try reader.number(4)
      guard size <= Int(Int32.max) else {
        throw BNormError.invalid("no valid WAV: chunk \(name) of \(size) bytes")
      }
      if name == "data" {
        guard found == nil else { throw BNormError.invalid("no valid WAV: two data chunks") }
        let count = size / bytesPerSample
        found = (reader.position, count)
        try reader.skip(count * bytesPerSample)
      } else {
        reader.position += size
      }
    }
    guard let found else { throw BNormError.invalid("no valid WAV: no data chunk") }
    (dataStart, sampleCount) = found
    self.bytes = bytes
  }

  static func encode(
    _ audio: UnsafeBufferPointer<Float>, channels: Int, sampleRate: Int
  ) -> ByteString {
    var out: [UInt8] = []
    let dataSize = 2 * audio.count
    out.reserveCapacity(44 + dataSize)
    func number(_ value: Int, _ size: Int) {
      for i in 0..<size { out.append(UInt8(truncatingIfNeeded: value >> (8 * i))) }
    }
    out += Array("RIFF".utf8)
    number(36 + dataSize, 4)
    out += Array("WAVEfmt ".utf8)
    number(16, 4)
    number(1, 2)
    number(channels, 2)
    number(sampleRate, 4)
    number(sampleRate * 2 * channels, 4)
    number(2 * channels, 2)
    number(16, 2)
    out += Array("data".utf8)
    number(dataSize, 4)
    for sample in audio {
      let scaled = (sample * 32768).rounded(.toNearestOrAwayFromZero)
      number(scaled.isNaN ? 0 : Int(max(min(scaled, 32767), -32768)), 2)
    }
    return ByteString(out)
  }

  private struct Reader {
    let bytes: [UInt8]
    var position = 0

    private func check(_ count: Int) throws {
      guard position <= bytes.count, count <= bytes.count - position else {
        throw BNormError.invalid("no valid WAV: the data end too early")
      }
    }
    mutating func skip(_ count: Int) throws {
      try check(count)
      position += count
    }
    mutating func text() throws -> String {
      try check(4)
      position += 4
      return String(decoding: bytes[(position - 4)..<position], as: UTF8.self)
    }
    mutating func expect(_ wanted: String) throws {
      let found = try text()
      guard found == wanted else {
        throw BNormError.invalid("no valid WAV: expected \(wanted), found \(found)")
      }
    }
    mutating func number(_ size: Int) throws -> Int {
      try check(size)
      position += size
      return (1...size).reduce(0) { $0 << 8 | Int(bytes[position - $1]) }
    }
  }
}
