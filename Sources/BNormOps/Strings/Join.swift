import BNormCore
import BNormTensor

/// Strings of several tensors joined element by element; scalars go with every element.
struct StringJoin: EagerOperation {
  static let opNames = ["StringJoin"]
  let separator: ByteString

  init(_ node: NodeContext) throws { separator = try node.bytes("separator") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    var shape = PartialShape.scalar
    for (i, input) in inputs.enumerated() {
      guard input.shape.rank != nil else { return [.unknown] }
      if input.shape.rank == 0 { continue }
      guard shape.rank != 0 else {
        shape = input.shape
        continue
      }
      guard let merged = shape.merged(input.shape) else {
        throw BNormError.invalid("input \(i) has shape \(input.shape), others have \(shape)")
      }
      shape = merged
    }
    return [shape]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = inputs.first { $0.rank > 0 }?.shape ?? .scalar
    for (i, input) in inputs.enumerated() where input.rank > 0 && input.shape != shape {
      throw BNormError.invalid("input \(i) has shape \(input.shape), others have \(shape)")
    }
    let out = (0..<shape.count).map { i in
      Joining.join(inputs.map { $0.rank == 0 ? $0.strings[0] : $0.strings[i] }, separator)
    }
    return [Tensor(strings: out, shape: shape)]
  }
}

enum Joining {
  static func join(_ parts: some Sequence<ByteString>, _ separator: ByteString) -> ByteString {
    var out: [UInt8] = []
    for (i, part) in parts.enumerated() {
      if i > 0 { out += separator.bytes }
      out += part.bytes
    }
    return ByteString(out)
  }
}

/// Strings joined along dimensions.
struct ReduceJoin: EagerOperation {
  static let opNames = ["ReduceJoin"]
  let separator: ByteString
  let keepsDimensions: Bool

  init(_ node: NodeContext) throws {
    separator = try node.bytes("separator")
    keepsDimensions = try node.bool("keep_dims")
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let x = inputs[0]
    guard inputs[1].rank <= 1, let axes = inputs[1].integers else {
      throw BNormError.invalid("input 1 (reduction_indices) has shape \(inputs[1].shape)")
    }
    if axes.isEmpty { return [x] }
    var reduced: [Int] = []
    for axis in axes {
      let a = try x.shape.axis(axis, name: "reduction index")
      guard !reduced.contains(a) else {
        throw BNormError.invalid("reduction index \(axis) is given twice")
      }
      guard x.shape[a] > 0 else {
        throw BNormError.invalid("dimension \(a) of input 0 has size 0 and cannot be joined")
      }
      reduced.append(a)
    }
    let kept = (0..<x.rank).filter { !reduced.contains($0) }
    let strides = x.shape.strides
    let outer = kept.map { x.shape[$0] }
    func offsets(_ axes: [Int], _ sizes: [Int]) -> [Int] {
      zip(axes, sizes).reduce([0]) { base, next in
        base.flatMap { b in (0..<next.1).map { b + $0 * strides[next.0] } }
      }
    }
    // The first of the indices varies fastest.
    let steps = offsets(reduced.reversed(), reduced.reversed().map { x.shape[$0] })
    let out = offsets(kept, outer).map { base in
      Joining.join(steps.map { x.strings[base + $0] }, separator)
    }
    let shape =
      keepsDimensions
      ? Shape((0..<x.rank).map { reduced.contains($0) ? 1 : x.shape[$0] }) : Shape(outer)
    return [Tensor(strings: shape.count == 0 ? [] : out, shape: shape)]
  }
}

/// Strings joined by segment.
struct UnsortedSegmentJoin: EagerOperation {
  static let opNames = ["UnsortedSegmentJoin"]
  let separator: ByteString

  init(_ node: NodeContext) throws {
    // The separator ends at a zero byte.
    separator = ByteString(try node.bytes("separator").bytes.prefix { $0 != 0 })
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (x, ids) = (inputs[0], inputs[1])
    let segments = try inputs[2].scalarInteger("input 2 (num_segments)")
    guard segments >= 0 else { throw BNormError.invalid("num_segments is \(segments)") }
    guard ids.rank <= x.rank, ids.rank > 0,
      Array(x.shape.dimensions.prefix(ids.rank)) == ids.shape.dimensions
    else {
      throw BNormError.invalid(
        "input 1 (segment_ids) has shape \(ids.shape), which does not begin shape \(x.shape)")
    }
    let rest = Array(x.shape.dimensions.dropFirst(ids.rank))
    let width = rest.reduce(1, *)
    let shape = try Shape(checking: [segments] + rest)
    guard shape.count <= 1 << 28 else { throw BNormError.invalid("\(segments) segments are too many") }
    var parts = [[ByteString]](repeating: [], count: shape.count)
    for (i, id) in (ids.integers ?? []).enumerated() {
      guard id >= 0, id < segments else {
        throw BNormError.invalid("segment id \(id) is out of range [0, \(segments))")
      }
      for k in 0..<width { parts[id * width + k].append(x.strings[i * width + k]) }
    }
    // Nothing separates what follows from empty strings before it.
    let joined = parts.map { Joining.join($0.drop { $0.isEmpty }, separator) }
    return [Tensor(strings: joined, shape: shape)]
  }
}
