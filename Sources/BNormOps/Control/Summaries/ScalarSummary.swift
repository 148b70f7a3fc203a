import BNormCore
import BNormProto
import BNormTensor

/// A `Summary` with one number for each tag.
struct ScalarSummary: EagerOperation {
  static let opNames = ["ScalarSummary"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (tags, values) = (inputs[0], inputs[1])
    guard tags.shape == values.shape else {
      throw BNormError.invalid(
        "tags and values are not the same shape: \(tags.shape) != \(values.shape)")
    }
    guard let numbers = values.doubles else {
      throw BNormError.unsupported("dtype \(values.dtype.name)")
    }
    var writer = WireWriter()
    for (tag, number) in zip(tags.strings, numbers) {
      writer.message(1) { value in
        value.tag(tag.bytes)
        value.float(2, Float(number))
      }
    }
    return [.summary(writer)]
  }
}

extension WireWriter {
  /// The tag of a summary's value, which is left out where it is empty.
  mutating func tag(_ bytes: [UInt8]) {
    if !bytes.isEmpty { data(1, bytes) }
  }
}

extension Tensor {
  static func summary(_ writer: WireWriter) -> Tensor {
    Tensor(strings: [ByteString(writer.bytes)], shape: .scalar)
  }
}

/// All values of several summaries.
struct MergeSummary: EagerOperation {
  static let opNames = ["MergeSummary"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    var writer = WireWriter()
    var seen: Set<[UInt8]> = []
    for input in inputs {
      for summary in input.strings {
        for value in try MergeSummary.messages(1, of: summary.bytes) {
          for field in [1, 7] {
            for text in try MergeSummary.messages(field, of: value) where !isUTF8(text) {
              throw BNormError.invalid(
                "Could not parse one of the summary inputs: the text \(ByteString(text)) is not UTF-8")
            }
          }
          for tag in try MergeSummary.messages(1, of: value) {
            guard seen.insert(tag).inserted else {
              throw BNormError.invalid("Duplicate tag \(ByteString(tag)) found in summary inputs")
            }
          }
          writer.data(1, value)
        }
      }
    }
    return [.summary(writer)]
  }

  private func isUTF8(_ bytes: [UInt8]) -> Bool {
    String(validating: bytes, as: UTF8.self) != nil
  }

  /// The bytes of each field `field` of a message.
  private static func messages(_ field: Int, of bytes: [UInt8]) throws -> [[UInt8]] {
    try bytes.withUnsafeBytes { buffer in
      var reader = WireReader(buffer)
      var out: [[UInt8]] = []
      do {
        while let next = try reader.next() {
          if next.field == field, case .bytes(let value) = next.value { out.append(Array(value)) }
        }
      } catch { throw BNormError.invalid("Could not parse one of the summary inputs: \(error)") }
      return out
    }
  }
}
