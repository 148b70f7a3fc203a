import BNormCore
import BNormTensor

/// Strings split into the pieces of a sparse matrix, one row for each string.
struct StringSplit: EagerOperation {
  static let opNames = ["StringSplit", "StringSplitV2"]
  private enum Kind: Sendable { case characters(skipsEmpty: Bool), separator(most: Int) }
  private let kind: Kind

  init(_ node: NodeContext) throws {
    kind =
      node.op == "StringSplit"
      ? .characters(skipsEmpty: try node.bool("skip_empty"))
      : .separator(most: try node.int("maxsplit"))
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(1, "input 0 (input)")
    try inputs[1].shape.requireRank(0, "input 1")
    return [PartialShape([-1, 2]), .vector(nil), .vector(2)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank == 1 else {
      throw BNormError.invalid("input 0 (input) has shape \(inputs[0].shape), expected a vector")
    }
    let separator = try inputs[1].scalarString("input 1")
    let rows = inputs[0].strings.map { text -> [ByteString] in
      switch kind {
      case .characters(let skips): StringSplit.byCharacters(text, separator.bytes, skips)
      case .separator(let most): StringSplit.bySeparator(text, separator.bytes, most)
      }
    }
    var indices: [Int64] = []
    for (r, row) in rows.enumerated() {
      for k in row.indices { indices += [Int64(r), Int64(k)] }
    }
    let pieces = rows.flatMap { $0 }
    return [
      Tensor(indices, shape: [pieces.count, 2]), Tensor(strings: pieces, shape: [pieces.count]),
      Tensor([Int64(rows.count), Int64(rows.map(\.count).max() ?? 0)]),
    ]
  }

  /// At each byte of `set`; without a set into single bytes.
  private static func byCharacters(_ text: ByteString, _ set: [UInt8], _ skips: Bool) -> [ByteString] {
    if set.isEmpty { return text.bytes.map { ByteString(CollectionOfOne($0)) } }
    let parts = text.bytes.split(omittingEmptySubsequences: skips) { set.contains($0) }
    return text.isEmpty ? [] : parts.map { ByteString($0) }
  }

  /// As Python's `str.split`, with TensorFlow's extra piece where `most` leaves nothing.
  private static func bySeparator(_ text: ByteString, _ separator: [UInt8], _ most: Int) -> [ByteString] {
    let bytes = text.bytes
    if most == 0 { return [text] }
    var out: [ByteString] = []
    var i = 0
    if separator.isEmpty {
      func skipSpace() { while i < bytes.count, ASCII.isSpace(bytes[i]) { i += 1 } }
      skipSpace()
      while i < bytes.count {
        let start = i
        while i < bytes.count, !ASCII.isSpace(bytes[i]) { i += 1 }
        out.append(ByteString(bytes[start..<i]))
        skipSpace()
        if most > 0, out.count == most {
          out.append(ByteString(bytes[i...]))
          return out
        }
      }
      return out
    }
    var start = 0
    while i + separator.count <= bytes.count {
      if bytes[i..<(i + separator.count)].elementsEqual(separator) {
        out.append(ByteString(bytes[start..<i]))
        i += separator.count
        start = i
        if most > 0, out.count == most { break }
      } else {
        i += 1
      }
    }
    out.append(ByteString(bytes[start...]))
    return out
  }
}
