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
        value.data(1, inputs[0].strings[0].bytes)
      } else {
        value.string(7, context.nodeName)
      }
      try value.message(8) { try TensorProtoEncoder.encode(inputs[isSecond ? 1 : 0], &$0) }
      if isSecond { value.data(9, inputs[2].strings[0].bytes) }
    }
    return [.summary(writer)]
  }
}
