import BNormCheckpoint
import BNormCore
import BNormTensor

/// The name of a shard, or the pattern of all shards.
struct ShardedFilename: EagerOperation {
  static let opNames = ["ShardedFilename", "ShardedFilespec"]
  let isPattern: Bool

  init(_ node: NodeContext) throws { isPattern = node.op == "ShardedFilespec" }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    for (i, input) in inputs.enumerated() { try input.shape.requireRank(0, "input \(i)") }
    return [.scalar]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank == 0 else {
      throw BNormError.invalid("input 0 (basename) has shape \(inputs[0].shape), expected a scalar")
    }
    let numbers = inputs.dropFirst().compactMap { $0.integers?.first }
    guard numbers.count == inputs.count - 1, let count = numbers.last, let shard = numbers.first
    else { throw BNormError.invalid("inputs 1 and 2 must be one number each") }
    let name = isPattern ? "?????" : ShardName.padded(shard)
    let end = "-\(name)-of-\(ShardName.padded(count))"
    return [
      Tensor(strings: [ByteString(inputs[0].strings[0].bytes + Array(end.utf8))], shape: .scalar)
    ]
  }
}
