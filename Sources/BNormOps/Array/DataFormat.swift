import BNormCore
import BNormTensor

/// Two data formats, such as NHWC and NCHW, as orders of the same letters.
struct FormatPair {
  let source: [UInt8]
  let target: [UInt8]

  init(_ node: NodeContext) throws {
    source = try node.bytes("src_format").bytes
    target = try node.bytes("dst_format").bytes
    guard source.count == 4 || source.count == 5, target.count == source.count,
      Set(source).count == source.count, Set(source) == Set(target)
    else {
      throw BNormError.invalid(
        "attributes src_format \"\(ByteString(source))\" and dst_format \"\(ByteString(target))\" must"
          + " be orders of the same 4 or 5 letters")
    }
  }
}

/// Where the dimensions of one format are in the other.
struct DataFormatDimMap: EagerOperation {
  static let opNames = ["DataFormatDimMap"]
  private let formats: FormatPair

  init(_ node: NodeContext) throws { formats = try FormatPair(node) }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let rank = formats.source.count
    let map = formats.source.map { letter in formats.target.firstIndex(of: letter)! }
    let out = (inputs[0].integers ?? []).map { map[(($0 % rank) + rank) % rank] }
    return [Tensor(integers: out, dtype: inputs[0].dtype, shape: inputs[0].shape)]
  }
}

/// A vector with one element (or pair) per dimension, reordered from one format to the other.
struct DataFormatVecPermute: EagerOperation {
  static let opNames = ["DataFormatVecPermute"]
  private let formats: FormatPair

  init(_ node: NodeContext) throws { formats = try FormatPair(node) }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if let shape = inputs[0].shape.full { try check(shape) }
    return [inputs[0].shape]
  }

  /// One row per dimension, or per dimension of space only.
  private func check(_ shape: Shape) throws {
    let rank = formats.source.count
    guard shape.rank == 1 || shape.rank == 2, shape[0] == rank || shape[0] == rank - 2,
      shape.rank == 1 || shape[1] == 2
    else {
      throw BNormError.invalid(
        "input 0 has shape \(shape), expected \(rank) or \(rank - 2) elements or pairs")
    }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = inputs[0].shape
    try check(shape)
    var (source, target) = (formats.source, formats.target)
    if shape[0] != source.count {
      let space = Set("DHW".utf8)
      source.removeAll { !space.contains($0) }
      target.removeAll { !space.contains($0) }
      guard source.count == shape[0] else {
        throw BNormError.invalid(
          "input 0 has shape \(shape), but the formats have \(source.count) dimensions of space")
      }
    }
    let rows = target.map { letter in source.firstIndex(of: letter)! }
    return [
      RowMover.gather(inputs[0], rows: rows, rowCount: shape.rank == 2 ? 2 : 1, shape: shape)
    ]
  }
}
