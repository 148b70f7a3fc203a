import BNormCheckpoint
import BNormCore
import BNormTensor

/// Reads tensors of a checkpoint.
struct RestoreV2: EagerOperation {
  static let opNames = ["RestoreV2"]
  let dtypes: [DType]

  init(_ node: NodeContext) throws { dtypes = try node.dtypes("dtypes") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(0, "input 0 (prefix)")
    try inputs[1].shape.requireRank(1, "input 1 (tensor_names)")
    try inputs[2].shape.requireRank(1, "input 2 (shape_and_slices)")
    return try partShapes(inputs[2], count: dtypes.count)
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let prefix = try CheckpointArguments.string(inputs, 0, "prefix")
    let names = try CheckpointArguments.strings(inputs, 1, "tensor_names", count: dtypes.count)
    let parts = try CheckpointArguments.strings(inputs, 2, "shape_and_slices", count: dtypes.count)
    let reader = try CheckpointArguments.reader(prefix, context)
    return try dtypes.indices.map {
      try CheckpointArguments.restore(reader, names[$0], parts[$0], as: dtypes[$0])
    }
  }
}

/// Reads a tensor, or a part of one, of a checkpoint that a pattern names.
struct Restore: EagerOperation {
  static let opNames = ["Restore", "RestoreSlice"]
  let dtype: DType
  let hasSlice: Bool

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("dt")
    hasSlice = node.op == "RestoreSlice"
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    hasSlice ? try partShapes(inputs[2], count: 1) : [.unknown]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let pattern = try CheckpointArguments.string(inputs, 0, "file_pattern")
    let name = try CheckpointArguments.string(inputs, 1, "tensor_name")
    let part = hasSlice ? try CheckpointArguments.string(inputs, 2, "shape_and_slice") : ""
    let reader = try CheckpointArguments.reader(pattern, context)
    return [try CheckpointArguments.restore(reader, name, part, as: dtype)]
  }
}

/// The shapes of parts, where they are constant and say one.
private func partShapes(_ parts: Fact, count: Int) throws -> [PartialShape] {
  guard let texts = parts.value?.strings, texts.count == count else {
    return Array(repeating: .unknown, count: count)
  }
  return try texts.map { text in
    guard let part = try ShapeAndSlice(text.string) else { return .unknown }
    return PartialShape(try part.slice.box(in: part.shape).map(\.count))
  }
}
