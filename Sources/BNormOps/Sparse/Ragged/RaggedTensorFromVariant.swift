import BNormCore
import BNormTensor

/// Unpacks ragged tensors from variants and stacks them to one.
struct RaggedTensorFromVariant: EagerOperation {
  static let opNames = ["RaggedTensorFromVariant"]
  private let inputRank: Int
  private let outputRank: Int
  private let splitsType: DType
  private let dtype: DType

  init(_ node: NodeContext) throws {
    inputRank = try node.int("input_ragged_rank")
    outputRank = try node.int("output_ragged_rank")
    splitsType = try node.dtype("Tsplits")
    dtype = try node.dtype("Tvalues")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if inputRank >= 0 {
      try inputs[0].shape.requireRank(outputRank - inputRank, "input 0 (encoded_ragged)")
    }
    return [PartialShape](repeating: .vector(nil), count: outputRank) + [.unknown]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let encoded = inputs[0]
    let rank = inputRank < 0 ? outputRank - encoded.rank : inputRank
    guard rank >= 0, outputRank == rank + encoded.rank else {
      throw BNormError.invalid(
        "input 0 (encoded_ragged) has shape \(encoded.shape), but the ragged rank is \(inputRank) "
          + "inside and \(outputRank) in all")
    }
    let parts = try encoded.objects.enumerated().map { try component($1, index: $0, rank: rank) }
    if encoded.rank == 0 { return parts[0].splits + [parts[0].values] }
    return try stack(parts, encoded.shape, rank: rank)
  }

  private func component(
    _ object: (any TensorObject)?, index: Int, rank: Int
  ) throws -> RaggedVariant {
    let ragged = try RaggedVariant.cast(object, dtype, index: index)
    guard ragged.splits.count == rank else {
      throw BNormError.invalid(
        "element \(index) has ragged rank \(ragged.splits.count), expected \(rank)")
    }
    for splits in ragged.splits where splits.dtype != splitsType {
      throw BNormError.invalid(
        "element \(index) has splits of \(splits.dtype.name), expected \(splitsType.name)")
    }
    return ragged
  }

  private func stack(_ parts: [RaggedVariant], _ shape: Shape, rank: Int) throws -> [Tensor] {
    var out: [[Int]] = (0..<shape.rank - 1).map { dim in
      (0...shape[dim]).map { $0 * shape[dim + 1] }
    }
    var ends = [0]
    for part in parts {
      let rows = part.splits.first.map { $0.count - 1 } ?? part.values.shape[0]
      ends.append(ends[ends.count - 1] + rows)
    }
    out.append(ends)
    for depth in 0..<rank {
      var splits = [0]
      for part in parts {
        let start = splits[splits.count - 1]
        splits += (part.splits[depth].integers ?? []).dropFirst().map { $0 + start }
      }
      out.append(splits)
    }
    let inner = parts.first.map { Array($0.values.shape.dimensions.dropFirst()) } ?? []
    for (i, part) in parts.enumerated()
    where Array(part.values.shape.dimensions.dropFirst()) != inner {
      throw BNormError.invalid(
        "element \(i) has values of shape \(part.values.shape), but element 0 has "
          + "\(parts[0].values.shape)")
    }
    let placement = parts.enumerated().flatMap { source, part in
      (0..<part.values.shape[0]).map { RowSource(tensor: source, row: $0) as RowSource? }
    }
    let values = RowCopy.assemble(
      parts.map(\.values), placement, width: inner.reduce(1, &*), dtype: dtype,
      shape: try Shape(checking: [placement.count] + inner))
    return out.map { Tensor(splits: $0, dtype: splitsType) } + [values]
  }
}
