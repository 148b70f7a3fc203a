import BNormCore
import BNormTensor

/// Input 0 with row `loc` replaced by the only row of input 1: a part of a ParallelConcat.
struct ParallelConcatUpdate: EagerOperation {
  static let opNames = ["_ParallelConcatUpdate"]
  private let row: Int

  init(_ node: NodeContext) throws { row = try node.int("loc") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 1, "input 0 (value)")
    return [inputs[0].shape]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (value, update) = (inputs[0].shape, inputs[1].shape)
    guard value.rank > 0, value.rank == update.rank, update[0] == 1, value[0] > 0,
      value.dimensions.dropFirst() == update.dimensions.dropFirst()
    else {
      throw BNormError.invalid(
        "input 1 (update) has shape \(update), which is no row of input 0 (value) with \(value)")
    }
    let out = inputs[0].copy()
    let width = update.count
    let place = ((row % value[0]) + value[0]) % value[0] * width
    switch out.dtype {
    case .string: for i in 0..<width { out.storage.strings[place + i] = inputs[1].strings[i] }
    case .resource, .variant:
      for i in 0..<width { out.storage.objects[place + i] = inputs[1].objects[i] }
    default:
      (out.storage.pointer + place * out.dtype.size).copyMemory(
        from: inputs[1].pointer, byteCount: width * out.dtype.size)
    }
    return [out]
  }
}
