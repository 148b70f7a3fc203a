import BNormCore
import BNormTensor

/// A ragged tensor as a variant holds it.
final class RaggedVariant: TensorObject, AddableObject {
  let splits: [Tensor]
  let values: Tensor

  init(splits: [Tensor], values: Tensor) {
    self.splits = splits.map(\.owned)
    self.values = values.owned
  }

  var typeName: String { "RaggedTensorVariant" }

  func zeros() throws -> any TensorObject {
    RaggedVariant(splits: splits, values: Tensor(zeros: values.dtype, shape: values.shape))
  }

  func sum(with other: any TensorObject) throws -> any TensorObject {
    guard let other = other as? RaggedVariant, other.splits.count == splits.count,
      other.values.dtype == values.dtype, other.values.shape == values.shape,
      zip(splits, other.splits).allSatisfy({ $0.integers == $1.integers })
    else {
      throw BNormError.invalid(
        "Trying to add a ragged tensor with values of shape \(values.shape) to a \(other.typeName) "
          + "of other splits or values")
    }
    return RaggedVariant(splits: splits, values: try values.sum(with: other.values))
  }
}

/// Packs a ragged tensor into one variant, or each of its rows into one.
struct RaggedTensorToVariant: EagerOperation {
  static let opNames = ["RaggedTensorToVariant"]
  private let raggedRank: Int
  private let isBatched: Bool

  init(_ node: NodeContext) throws {
    raggedRank = try node.int("RAGGED_RANK")
    isBatched = try node.bool("batched_input")
    guard raggedRank > 0 || !isBatched else {
      throw BNormError.invalid("attribute RAGGED_RANK is 0, expected at least 1 for a batch")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try RowSplits.infer(inputs, ragged: raggedRank)
    guard isBatched else { return [.scalar] }
    return [.vector(inputs[0].shape[0].flatMap { $0 > 0 ? $0 - 1 : nil })]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let values = inputs[raggedRank]
    guard values.rank >= 1 else {
      throw BNormError.invalid("input \(raggedRank) (rt_dense_values) is a scalar")
    }
    let nested = try RowSplits.nested(inputs[..<raggedRank], valueCount: values.shape[0])
    guard isBatched else {
      let all = RaggedVariant(splits: Array(inputs[..<raggedRank]), values: values)
      return [Tensor(scalar: all, dtype: .variant)]
    }
    let rows = (0..<nested[0].count - 1).map { row -> any TensorObject in
      var range = nested[0][row]..<nested[0][row + 1]
      var splits: [Tensor] = []
      for (depth, all) in nested.enumerated().dropFirst() {
        let part = all[range.lowerBound...range.upperBound]
        splits.append(
          Tensor(splits: part.map { $0 - all[range.lowerBound] }, dtype: inputs[depth].dtype))
        range = all[range.lowerBound]..<all[range.upperBound]
      }
      return RaggedVariant(splits: splits, values: values.rows(range))
    }
    return [Tensor(objects: rows, dtype: .variant, shape: [rows.count])]
  }
}

/// The gradient of packing rows: the values of all rows' gradients, one after the other; a row that
/// has none counts as zeros.
struct RaggedTensorToVariantGradient: EagerOperation {
  static let opNames = ["RaggedTensorToVariantGradient"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = node.outputDTypes[0] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[1].rank == 1 else {
      throw BNormError.invalid("input 1 (row_splits) has shape \(inputs[1].shape), expected rank 1")
    }
    let shape = try Shape(checking: inputs[2].integers ?? [])
    // The gradient of a single row is the result, whatever the shape says.
    if inputs[0].count == 1, let object = inputs[0].objects[0] {
      return [try RaggedVariant.cast(object, dtype, index: 0).values]
    }
    guard shape.rank >= 1 else {
      throw BNormError.invalid("input 2 (dense_values_shape) is empty, expected at least rank 1")
    }
    let splits = try RowSplits.checked(
      inputs[1], valueCount: shape[0], "input 1 (row_splits)")
    guard splits.count - 1 == inputs[0].count else {
      throw BNormError.invalid(
        "input 1 (row_splits) has \(splits.count) elements, but input 0 (encoded_ragged_grad) has "
          + "\(inputs[0].count)")
    }
    try MemoryLimit.check(dtype, shape)
    var placement: [RowSource?] = []
    var sources: [Tensor] = []
    for (i, object) in inputs[0].objects.enumerated() {
      guard let object else {
        placement += Array(repeating: nil, count: splits[i + 1] - splits[i])
        continue
      }
      let values = try RaggedVariant.cast(object, dtype, index: i).values
      guard values.shape.dimensions.dropFirst() == shape.dimensions.dropFirst() else {
        throw BNormError.invalid(
          "element \(i) has values of shape \(values.shape), which do not fit shape \(shape)")
      }
      placement += (0..<values.shape[0]).map { RowSource(tensor: sources.count, row: $0) }
      sources.append(values)
    }
    guard placement.count == shape[0] else {
      throw BNormError.invalid(
        "the gradients have \(placement.count) rows, but input 2 (dense_values_shape) is \(shape)")
    }
    return [
      RowCopy.assemble(
        sources, placement, width: shape.product(1..<shape.rank), dtype: dtype, shape: shape)
    ]
  }
}

extension RaggedVariant {
  /// `object` as a ragged tensor of `dtype`, whose values have at least rank 1.
  static func cast(
    _ object: (any TensorObject)?, _ dtype: DType, index: Int
  ) throws -> RaggedVariant {
    guard let ragged = object as? RaggedVariant else {
      throw BNormError.invalid(
        "element \(index) is a \(object?.typeName ?? "variant without a value"), expected a "
          + "RaggedTensorVariant")
    }
    guard ragged.values.dtype == dtype else {
      throw BNormError.invalid(
        "element \(index) has values of \(ragged.values.dtype.name), expected \(dtype.name)")
    }
    guard ragged.values.rank >= 1 else {
      throw BNormError.invalid("element \(index) has a scalar for values, expected at least rank 1")
    }
    return ragged
  }
}
