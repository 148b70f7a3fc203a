import BNormCheckpoint
import BNormCore
import BNormTensor

/// The bytes of a file.
struct ReadFile: EagerOperation, UnfoldableOperation {
  static let opNames = ["ReadFile"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(0, "input 0 (filename)")
    return [.scalar]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank == 0 else {
      throw BNormError.invalid("input 0 (filename) has shape \(inputs[0].shape), expected a scalar")
    }
    let bytes = try RecordFile.read(RecordFile.resolve(inputs[0].strings[0], context))
    return [Tensor(strings: [ByteString(bytes)], shape: .scalar)]
  }
}

/// Writes a file.
struct WriteFile: EagerOperation {
  static let opNames = ["WriteFile"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(0, "input 0 (filename)")
    try inputs[1].shape.requireRank(0, "input 1 (contents)")
    return []
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank == 0, inputs[1].rank == 0 else {
      throw BNormError.invalid(
        "inputs have shapes \(inputs[0].shape) and \(inputs[1].shape), expected scalars")
    }
    let path = RecordFile.resolve(inputs[0].strings[0], context)
    do {
      let file = try OutputFile(path)
      try file.write(inputs[1].strings[0].bytes)
      try file.close()
    } catch let error as BNormError { throw error.prefixed(path) }
    return []
  }
}

/// The names of files that match patterns, in order.
struct MatchingFiles: EagerOperation, UnfoldableOperation {
  static let opNames = ["MatchingFiles"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.vector(nil)] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank <= 1 else {
      throw BNormError.invalid(
        "input 0 (pattern) has shape \(inputs[0].shape), expected a scalar or a vector")
    }
    let names = inputs[0].strings.flatMap { FilePattern.expand($0.string) }.map { ByteString($0) }
      .sorted()
    return [Tensor(strings: names, shape: [names.count])]
  }
}
