import BNormCheckpoint
import BNormCore
import BNormTensor

/// Writes tensors to a checkpoint: a tensor bundle, or a table of slices for the old ops.
struct Save: EagerOperation {
  static let opNames = ["SaveV2", "Save", "SaveSlices"]
  let count: Int
  let hasParts: Bool
  let isBundle: Bool

  init(_ node: NodeContext) throws {
    isBundle = node.op == "SaveV2"
    hasParts = node.op != "Save"
    count = try node.dtypes(isBundle ? "dtypes" : "T").count
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let path = try CheckpointArguments.string(inputs, 0, isBundle ? "prefix" : "filename")
    let names = try CheckpointArguments.strings(inputs, 1, "tensor_names", count: count)
    let parts =
      hasParts
      ? try CheckpointArguments.strings(inputs, 2, "shape_and_slices", count: count)
      : Array(repeating: "", count: count)
    let tensors = inputs.suffix(count)
    let writer: any CheckpointWriter =
      isBundle ? try BundleWriter(path) : SliceTableWriter(path)
    for ((name, part), tensor) in zip(zip(names, parts), tensors) {
      if let part = try ShapeAndSlice(part) {
        try writer.add(name, tensor, slice: part.slice, of: part.shape)
      } else {
        try writer.add(name, tensor)
      }
    }
    try writer.finish()
    return []
  }
}
