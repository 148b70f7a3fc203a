import BNormCore
import BNormProto
import BNormTensor

/// A `Summary` that holds a tensor.
struct TensorSummary: EagerOperation {
  static let opNames = ["TensorSummary", "TensorSummaryV2"]
  private let isSecond: Bool

  init(_ node: NodeContext) throws { isSecond = node.op == "TensorSummaryV2" }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    var writer = WireWriter()
    if isSecond {
      for i in [0, 2] where inputs[i].rank != 0 {
        throw BNormError.invalid("\(i == 0 ? "tag" : "serialized_summary_metadata") must be scalar")
      }
    }
    try writer.message(1) { value in
      if isSecond {
        value.tag(inputs[0].strings[0].bytes)
      } else {
        value.string(7, context.nodeName)
      }
      try value.message(8) { try TensorProtoEncoder.encode(inputs[isSecond ? 1 : 0], &$0) }
      if isSecond { value.data(9, TensorSummary.metadata(inputs[2].strings[0].bytes)) }
    }
    return [.summary(writer)]
  }

  /// The metadata as TensorFlow keeps it, which does not mind when it ends inside a number: the
  /// missing bytes are zero.
  private static func metadata(_ bytes: [UInt8]) -> [UInt8] {
    for missing in 0..<8 {
      let padded = bytes + [UInt8](repeating: 0, count: missing)
      let (isWhole, endsWithNumber) = padded.withUnsafeBytes { buffer in
        var reader = WireReader(buffer)
        var last: WireReader.Value?
        do {
          while let next = try reader.next() { last = next.value }
        } catch { return (false, false) }
        switch last {
        case .fixed32, .fixed64: return (true, true)
        default: return (true, false)
        }
      }
      if isWhole { return missing == 0 || endsWithNumber ? padded : [] }
    }
    return []
  }
}
