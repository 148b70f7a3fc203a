import BNormCore
import BNormTensor

/// How a ragged dimension is divided into rows.
enum RowPartition: String, Sendable {
  case firstDimension = "FIRST_DIM_SIZE"
  case valueRowIDs = "VALUE_ROWIDS"
  case rowLengths = "ROW_LENGTHS"
  case rowSplits = "ROW_SPLITS"
  case rowLimits = "ROW_LIMITS"
  case rowStarts = "ROW_STARTS"

  /// Attribute row_partition_types of a node, in an order that can be worked with.
  static func list(_ node: NodeContext) throws -> [RowPartition] {
    let partitions = try node.strings("row_partition_types").map { name in
      guard let partition = RowPartition(rawValue: name.string) else {
        throw BNormError.invalid("attribute row_partition_types contains \(name)")
      }
      return partition
    }
    let described = partitions.map(\.rawValue).joined(separator: ", ")
    func fail(_ what: String) -> BNormError {
      .invalid("attribute row_partition_types is [\(described)]: \(what)")
    }
    guard let first = partitions.first else { throw fail("expected at least one") }
    for other in partitions.dropFirst() where other != .rowSplits && other != .valueRowIDs {
      throw fail("\(other.rawValue) is not possible there")
    }
    switch first {
    case .rowSplits: break
    case .firstDimension:
      guard partitions.count > 1, partitions[1] == .valueRowIDs else {
        throw fail("FIRST_DIM_SIZE must be followed by VALUE_ROWIDS")
      }
    default: throw fail("\(first.rawValue) cannot be first")
    }
    return partitions
  }

  /// The length of the longest row.
  func width(_ values: [Int]) -> Int {
    guard self == .valueRowIDs else {
      return zip(values, values.dropFirst()).map { $1 &- $0 }.max().map { max($0, 0) } ?? 0
    }
    var widest = 0
    var start = 0
    for i in values.indices {
      if values[i] != values[start] { start = i }
      widest = max(widest, i - start + 1)
    }
    return widest
  }

  /// Where each row of this dimension begins in the output, given where the rows around it begin
  /// (-1: not at all), how far apart rows are and how many there is room for.
  func places(_ values: [Int], in parents: [Int], stride: Int, room: Int) throws -> [Int] {
    var out: [Int] = []
    guard self == .valueRowIDs else {
      guard values.count - 1 <= parents.count else {
        throw BNormError.invalid(
          "row splits have \(values.count) elements for \(parents.count) rows")
      }
      guard values.first == 0, zip(values, values.dropFirst()).allSatisfy({ $0 <= $1 }) else {
        throw BNormError.invalid(
          "row splits are \(values.prefix(8)), expected to rise from 0")
      }
      for (row, (start, end)) in zip(values, values.dropFirst()).enumerated() {
        let shown = parents[row] < 0 ? 0 : min(room, end - start)
        for i in 0..<shown { out.append(parents[row] + i * stride) }
        out += Array(repeating: -1, count: end - start - shown)
      }
      return out
    }
    var column = 0
    for (i, row) in values.enumerated() {
      guard parents.indices.contains(row) else {
        throw BNormError.invalid(
          "row ids contain \(row), expected a value in [0, \(parents.count))")
      }
      column = i > 0 && values[i - 1] == row ? column + 1 : 0
      out.append(
        parents[row] < 0 || (column > 0 && column >= room) ? -1 : parents[row] + column * stride)
    }
    return out
  }
}
