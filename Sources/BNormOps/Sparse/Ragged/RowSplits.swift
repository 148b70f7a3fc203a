import BNormCore
import BNormTensor

/// The splits of a ragged dimension: row i has the values `splits[i]..<splits[i + 1]`.
enum RowSplits {
  /// Checked splits that start at 0 and never fall; the last one is `valueCount`, if given.
  static func checked(_ tensor: Tensor, valueCount: Int? = nil, _ what: String) throws -> [Int] {
    let splits = tensor.integers ?? []
    guard tensor.rank == 1, splits.first == 0 else {
      throw BNormError.invalid(
        "\(what) has shape \(tensor.shape) and starts with \(splits.prefix(1)), expected a vector "
          + "that starts with 0")
    }
    for (a, b) in zip(splits, splits.dropFirst()) where b < a {
      throw BNormError.invalid("\(what) falls from \(a) to \(b), expected rising splits")
    }
    if let valueCount, splits[splits.count - 1] != valueCount {
      throw BNormError.invalid(
        "\(what) ends with \(splits[splits.count - 1]), but there are \(valueCount) values")
    }
    return splits
  }

  /// Checked splits of nested ragged dimensions, from the outermost inwards.
  static func nested(_ tensors: ArraySlice<Tensor>, valueCount: Int) throws -> [[Int]] {
    var nested: [[Int]] = []
    for (i, tensor) in tensors.enumerated() {
      let next = tensors.startIndex + i + 1
      let count = next < tensors.endIndex ? tensors[next].count - 1 : valueCount
      nested.append(try checked(tensor, valueCount: count, "input \(i) (nested_splits)"))
    }
    return nested
  }

  /// What is known ahead: splits are vectors, and values have at least rank 1.
  static func infer(_ inputs: [Fact], ragged rank: Int) throws {
    for i in 0..<rank { try inputs[i].shape.requireRank(1, "input \(i) (nested_splits)") }
    try inputs[rank].shape.requireRank(atLeast: 1, "input \(rank) (dense_values)")
  }
}
