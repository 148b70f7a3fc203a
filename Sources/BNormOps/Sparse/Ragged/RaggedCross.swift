import BNormCore
import BNormTensor
import CBNormKernels

/// All combinations of the features of each row, one of every input; joined as text or hashed.
struct RaggedCross: EagerOperation {
  static let opNames = ["RaggedCross"]
  private let order: [UInt8]
  private let buckets: UInt64
  private let key: UInt64
  private let raggedCount: Int
  private let sparseCount: Int
  private let denseCount: Int
  private let isHashed: Bool
  private let splitsType: DType

  init(_ node: NodeContext) throws {
    order = try node.bytes("input_order").bytes
    buckets = UInt64(clamping: try node.int("num_buckets"))
    key = UInt64(bitPattern: Int64(try node.int("hash_key")))
    raggedCount = try node.dtypes("ragged_values_types").count
    sparseCount = try node.int("Nsparse")
    denseCount = try node.dtypes("dense_types").count
    isHashed = node.outputDTypes[0] == .int64
    splitsType = node.outputDTypes[1]
    guard try node.dtypes("ragged_splits_types").count == raggedCount,
      try node.dtypes("sparse_values_types").count == sparseCount
    else {
      throw BNormError.invalid("the numbers of values and of splits or indices differ")
    }
    for (kind, count) in [("R", raggedCount), ("S", sparseCount), ("D", denseCount)] {
      let given = order.count { $0 == kind.utf8.first! }
      guard given == count, order.count == raggedCount + sparseCount + denseCount else {
        throw BNormError.invalid(
          "attribute input_order is \(ByteString(order)), which does not name \(raggedCount) "
            + "ragged, \(sparseCount) sparse and \(denseCount) dense inputs")
      }
    }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let features = try order.isEmpty ? [] : makeFeatures(inputs)
    let rows = features.first.map { $0.ends.count - 1 } ?? 0
    for feature in features where feature.ends.count - 1 != rows {
      throw BNormError.invalid(
        "inputs have \(rows) and \(feature.ends.count - 1) rows, expected the same for all")
    }
    var splits = [0]
    for row in 0..<rows {
      var count = 1
      for feature in features {
        let (product, overflow) = count.multipliedReportingOverflow(by: feature.range(row).count)
        guard !overflow else { throw BNormError.invalid("row \(row) has too many combinations") }
        count = product
      }
      let (end, overflow) = splits[row].addingReportingOverflow(count)
      guard !overflow else { throw BNormError.invalid("there are too many combinations") }
      splits.append(end)
    }
    let shape = try Shape(checking: [splits[rows]])
    try MemoryLimit.check(isHashed ? .int64 : .string, shape)
    let values: Tensor
    if isHashed {
      let hashes = features.map(\.fingerprints)
      values = Tensor(
        combinations(features, rows).map { items in
          var hash = key
          for (feature, item) in items.enumerated() {
            hash = concatenate(hash, hashes[feature][item])
          }
          return Int64(bitPattern: hash % (buckets > 0 ? buckets : UInt64(Int64.max)))
        })
    } else {
      let texts = features.map(\.texts)
      let joined = combinations(features, rows).map { items in
        ByteString(items.enumerated().map { texts[$0][$1].bytes }.joined(separator: "_X_".utf8))
      }
      values = Tensor(strings: joined, shape: shape)
    }
    return [values, Tensor(splits: splits, dtype: splitsType)]
  }

  private func makeFeatures(_ inputs: [Tensor]) throws -> [RowFeatures] {
    var (ragged, sparse, dense) = (0, 0, 0)
    let sparseStart = 2 * raggedCount
    return try order.map { kind in
      switch kind {
      case UInt8(ascii: "R"):
        defer { ragged += 1 }
        return try RowFeatures(
          values: inputs[ragged], splits: inputs[raggedCount + ragged], input: ragged)
      case UInt8(ascii: "S"):
        defer { sparse += 1 }
        let first = sparseStart + sparse
        return try RowFeatures(
          indices: inputs[first], values: inputs[first + sparseCount],
          shape: inputs[first + 2 * sparseCount], input: first)
      default:
        defer { dense += 1 }
        let input = sparseStart + 3 * sparseCount + dense
        return try RowFeatures(dense: inputs[input], input: input)
      }
    }
  }

  /// For each row, every choice of one item of each feature; the last feature changes fastest.
  private func combinations(_ features: [RowFeatures], _ rows: Int) -> [[Int]] {
    var out: [[Int]] = []
    for row in 0..<rows {
      let ranges = features.map { $0.range(row) }
      guard ranges.allSatisfy({ !$0.isEmpty }) else { continue }
      var items = ranges.map(\.lowerBound)
      var i = 0
      repeat {
        out.append(items)
        i = items.count - 1
        while i >= 0 {
          items[i] += 1
          if items[i] < ranges[i].upperBound { break }
          items[i] = ranges[i].lowerBound
          i -= 1
        }
      } while i >= 0
    }
    return out
  }

  /// TensorFlow's way to make one fingerprint of two.
  private func concatenate(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let multiplier: UInt64 = 0xc6a4_a793_5bd1_e995
    func mix(_ x: UInt64) -> UInt64 { x ^ (x >> 47) }
    let folded = (a ^ multiplier) ^ (mix(b &* multiplier) &* multiplier)
    return mix(mix(folded &* multiplier) &* multiplier)
  }
}

/// Features in rows: values, and where each row ends.
private struct RowFeatures {
  let values: Tensor
  let ends: [Int]

  func range(_ row: Int) -> Range<Int> { ends[row]..<ends[row + 1] }

  init(values: Tensor, splits: Tensor, input: Int) throws {
    guard values.rank == 1 else {
      throw BNormError.invalid("input \(input) has shape \(values.shape), expected a vector")
    }
    ends = try RowSplits.checked(splits, valueCount: values.count, "the splits of input \(input)")
    self.values = values
  }

  init(dense: Tensor, input: Int) throws {
    guard dense.rank == 2 else {
      throw BNormError.invalid("input \(input) has shape \(dense.shape), expected a matrix")
    }
    values = dense
    ends = (0...dense.shape[0]).map { $0 * dense.shape[1] }
  }

  init(indices: Tensor, values: Tensor, shape: Tensor, input: Int) throws {
    guard indices.rank == 2, values.rank == 1, shape.rank == 1, shape.count == 2,
      indices.shape[0] == values.count, indices.shape[1] == 2
    else {
      throw BNormError.invalid(
        "input \(input) and what belongs to it have shapes \(indices.shape), \(values.shape) and "
          + "\(shape.shape), which do not make a sparse matrix")
    }
    let rows = try Shape(checking: shape.integers ?? [])[0]
    try MemoryLimit.check(bytes: rows * 8)
    let index = indices.elements(Int64.self)
    var ends = [0]
    var i = 0
    for row in 0..<rows {
      while i < values.count, index[2 * i] <= Int64(row) { i += 1 }
      ends.append(i)
    }
    self.values = values
    self.ends = ends
  }

  var texts: [ByteString] {
    values.dtype == .string
      ? values.strings : values.elements(Int64.self).map { ByteString(String($0)) }
  }

  var fingerprints: [UInt64] {
    guard values.dtype == .string else {
      return values.elements(Int64.self).map { UInt64(bitPattern: $0) }
    }
    return values.strings.map { text in
      text.bytes.withUnsafeBytes { bnk_fingerprint64($0.baseAddress, $0.count) }
    }
  }
}
