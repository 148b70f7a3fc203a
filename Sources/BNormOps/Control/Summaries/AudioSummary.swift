import BNormCore
import BNormProto
import BNormTensor

/// A `Summary` with sounds as WAV files of 16 bits.
struct AudioSummary: EagerOperation {
  static let opNames = ["AudioSummary", "AudioSummaryV2"]
  private let maximum: Int
  private let rate: Float?

  init(_ node: NodeContext) throws {
    maximum = try node.int("max_outputs")
    rate = node.op == "AudioSummary" ? try node.float("sample_rate") : nil
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (tag, tensor) = (inputs[0], inputs[1])
    guard tag.rank == 0 else {
      throw BNormError.invalid("Tag must be a scalar, got shape \(tag.shape)")
    }
    guard tensor.rank == 2 || tensor.rank == 3 else {
      throw BNormError.invalid("Tensor must be 3-D or 2-D, got: \(tensor.shape)")
    }
    if rate == nil, inputs[2].rank != 0 {
      throw BNormError.invalid("sample_rate must be a scalar, got shape \(inputs[2].shape)")
    }
    let rate = self.rate ?? inputs[2].elements(Float.self)[0]
    guard rate > 0, rate < 2_147_483_648 else { throw BNormError.invalid("sample_rate must be > 0") }
    let (batch, frames) = (tensor.shape[0], tensor.shape[1])
    let channels = tensor.rank == 2 ? 1 : tensor.shape[2]
    guard channels > 0, frames > 0, channels < 1 << 15, frames * channels < 1 << 29 else {
      throw BNormError.invalid("tensor of shape \(tensor.shape) holds no sound that fits a WAV file")
    }
    var writer = WireWriter()
    let samples = tensor.elements(Float.self)
    for i in 0..<min(batch, maximum) {
      let length = frames * channels
      let wav = AudioSummary.wav(
        UnsafeBufferPointer(rebasing: samples[(i * length)..<((i + 1) * length)]),
        rate: Int(rate.rounded(.toNearestOrEven)), channels: channels)
      writer.message(1) { value in
        value.data(1, tag.strings[0].bytes + Array((maximum > 1 ? "/audio/\(i)" : "/audio").utf8))
        value.message(6) { audio in
          audio.float(1, rate)
          audio.integer(2, channels)
          audio.integer(3, frames)
          audio.data(4, wav)
          audio.string(5, "audio/wav")
        }
      }
    }
    return [.summary(writer)]
  }

  private static func wav(
    _ samples: UnsafeBufferPointer<Float>, rate: Int, channels: Int
  ) -> [UInt8] {
    let size = samples.count * 2
    var out: [UInt8] = []
    out.reserveCapacity(44 + size)
    func put(_ value: Int, _ bytes: Int) {
      for k in 0..<bytes { out.append(UInt8(truncatingIfNeeded: value >> (8 * k))) }
    }
    out += Array("RIFF".utf8)
    put(36 + size, 4)
    out += Array("WAVEfmt ".utf8)
    put(16, 4)
    put(1, 2)
    put(channels, 2)
    put(rate, 4)
    put(rate * channels * 2, 4)
    put(channels * 2, 2)
    put(16, 2)
    out += Array("data".utf8)
    put(size, 4)
    for sample in samples {
      let scaled = (sample * 32768).rounded(.toNearestOrAwayFromZero)
      put(scaled.isNaN ? -32768 : Int(max(-32768, min(32767, scaled))), 2)
    }
    return out
  }
}
