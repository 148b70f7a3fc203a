import BNormCore
import BNormTensor

/// All runs of neighbouring strings of the given widths, for each row of a ragged tensor.
struct StringNGrams: EagerOperation {
  static let opNames = ["StringNGrams"]
  let separator: ByteString
  let widths: [Int]
  let left: ByteString
  let right: ByteString
  let padWidth: Int
  let keepsShort: Bool

  init(_ node: NodeContext) throws {
    separator = try node.bytes("separator")
    widths = try node.ints("ngram_widths")
    left = try node.bytes("left_pad")
    right = try node.bytes("right_pad")
    padWidth = try node.int("pad_width")
    keepsShort = try node.bool("preserve_short_sequences")
    guard widths.allSatisfy({ $0 > 0 && $0 < 1 << 20 }) else {
      throw BNormError.invalid("ngram_widths \(widths) must be positive")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(1, "input 0 (data)")
    try inputs[1].shape.requireRank(1, "input 1 (data_splits)")
    return [.vector(nil), inputs[1].shape]
  }

  private func padding(_ width: Int) -> Int { padWidth < 0 ? width - 1 : min(padWidth, width - 1) }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs[0].rank == 1, inputs[1].rank == 1, let splits = inputs[1].integers else {
      throw BNormError.invalid("data and data_splits must be vectors")
    }
    let data = inputs[0].strings
    if let first = splits.first {
      guard first == 0, splits.last == data.count else {
        throw BNormError.invalid(
          "data_splits must begin with 0 and end with \(data.count), it is \(splits.prefix(8))")
      }
      for (a, b) in zip(splits, splits.dropFirst()) where a > b {
        throw BNormError.invalid("data_splits must not decrease: \(b) follows \(a)")
      }
    }
    var out: [ByteString] = []
    var outSplits = splits.isEmpty ? [] : [0]
    for (a, b) in zip(splits, splits.dropFirst()) {
      let row = Array(data[a..<b])
      let before = out.count
      for width in widths { out += grams(row, width) }
      if keepsShort, out.count == before, !row.isEmpty {
        if padWidth >= 0 || widths.isEmpty == false {
          let p = padWidth < 0 ? 0 : padWidth
          let width = row.count + 2 * min(p, (widths.max() ?? 1) - 1)
          out.append(whole(row, width))
        }
      }
      outSplits.append(out.count)
    }
    return [Tensor(strings: out, shape: [out.count]), .integers(outSplits, inputs[1].dtype)]
  }

  private func grams(_ row: [ByteString], _ width: Int) -> [ByteString] {
    let p = padding(width)
    let padded = [ByteString](repeating: left, count: p) + row + [ByteString](repeating: right, count: p)
    guard padded.count >= width else { return [] }
    return (0...(padded.count - width)).map { Joining.join(padded[$0..<($0 + width)], separator) }
  }

  private func whole(_ row: [ByteString], _ width: Int) -> ByteString {
    let p = (width - row.count) / 2
    return Joining.join(
      [ByteString](repeating: left, count: p) + row + [ByteString](repeating: right, count: p),
      separator)
  }
}
