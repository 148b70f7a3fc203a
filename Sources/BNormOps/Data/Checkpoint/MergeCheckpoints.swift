import BNormCheckpoint
import BNormCore
import BNormTensor

/// Makes one checkpoint of several by moving their files.
struct MergeCheckpoints: EagerOperation {
  static let opNames = ["MergeV2Checkpoints"]
  let deletesFolders: Bool
  let allowsMissing: Bool

  init(_ node: NodeContext) throws {
    deletesFolders = try node.bool("delete_old_dirs")
    allowsMissing = try node.bool("allow_missing_files")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let prefixes = inputs[0].strings.map(\.string)
    let destination = try CheckpointArguments.string(inputs, 1, "destination_prefix")
    try BundleMerger.merge(
      prefixes, into: destination, allowsMissing: allowsMissing, deletesFolders: deletesFolders)
    return []
  }
}
