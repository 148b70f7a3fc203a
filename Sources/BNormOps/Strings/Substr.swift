import BNormCore
import BNormTensor

/// A part of each string; positions and lengths broadcast with the strings.
struct Substr: EagerOperation {
  static let opNames = ["Substr"]
  let byCharacter: Bool

  init(_ node: NodeContext) throws { byCharacter = try node.string("unit") == "UTF8_CHAR" }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if let a = inputs[1].shape.full, let b = inputs[2].shape.full, a != b {
      throw BNormError.invalid("input 1 (pos) has shape \(a), but input 2 (len) has shape \(b)")
    }
    return nil
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (x, position, length) = (inputs[0], inputs[1], inputs[2])
    guard position.shape == length.shape, let p = position.integers, let n = length.integers else {
      throw BNormError.invalid(
        "input 1 (pos) has shape \(position.shape), but input 2 (len) has shape \(length.shape)")
    }
    let broadcast = try BroadcastIndex(x.shape, position.shape)
    let out = try (0..<broadcast.shape.count).map { i -> ByteString in
      let (a, b) = broadcast.indices(i)
      return try part(x.strings[a], p[b], n[b])
    }
    return [Tensor(strings: out, shape: broadcast.shape)]
  }

  private func part(_ text: ByteString, _ position: Int, _ length: Int) throws -> ByteString {
    let starts = byCharacter ? UTF8Text.starts(text) : []
    let count = byCharacter ? starts.count - 1 : text.count
    guard position <= count, position >= -count else {
      throw BNormError.invalid("pos \(position) is out of range for the string of length \(count)")
    }
    let begin = position < 0 ? count + position : position
    guard length >= 0 else { return length < 0 && byCharacter ? .empty : rest(text, begin, count, starts) }
    let end = begin + min(length, count - begin)
    return slice(text, begin, end, starts)
  }

  /// A negative length reads to the end, as `std::string::substr` takes it.
  private func rest(_ text: ByteString, _ begin: Int, _ count: Int, _ starts: [Int]) -> ByteString {
    slice(text, begin, count, starts)
  }

  private func slice(_ text: ByteString, _ begin: Int, _ end: Int, _ starts: [Int]) -> ByteString {
    byCharacter
      ? ByteString(text.bytes[starts[begin]..<starts[end]]) : ByteString(text.bytes[begin..<end])
  }
}

/// Which elements of two broadcast tensors belong to an element of the result.
struct BroadcastIndex {
  let shape: Shape
  private let a: [Int]
  private let b: [Int]

  init(_ first: Shape, _ second: Shape) throws {
    let rank = max(first.rank, second.rank)
    func padded(_ s: Shape) -> [Int] {
      [Int](repeating: 1, count: rank - s.rank) + s.dimensions
    }
    let (x, y) = (padded(first), padded(second))
    var out: [Int] = []
    for i in 0..<rank {
      guard x[i] == y[i] || x[i] == 1 || y[i] == 1 else {
        throw BNormError.invalid("shapes \(first) and \(second) do not broadcast")
      }
      out.append(x[i] == 1 ? y[i] : x[i])
    }
    shape = try Shape(checking: out)
    func strides(_ d: [Int]) -> [Int] {
      var s = 1
      var out = [Int](repeating: 0, count: rank)
      for i in stride(from: rank - 1, through: 0, by: -1) {
        out[i] = d[i] == 1 ? 0 : s
        s *= d[i]
      }
      return out
    }
    a = strides(x)
    b = strides(y)
  }

  func indices(_ flat: Int) -> (Int, Int) {
    var rest = flat
    var out = (0, 0)
    for i in stride(from: shape.rank - 1, through: 0, by: -1) {
      let k = rest % shape[i]
      rest /= shape[i]
      out.0 += k * a[i]
      out.1 += k * b[i]
    }
    return out
  }
}

/// The length of each string, in bytes or characters.
struct StringLength: EagerOperation {
  static let opNames = ["StringLength"]
  let byCharacter: Bool

  init(_ node: NodeContext) throws { byCharacter = try node.string("unit") == "UTF8_CHAR" }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) -> [Tensor] {
    [
      Tensor(
        inputs[0].strings.map { Int32(truncatingIfNeeded: byCharacter ? UTF8Text.count($0) : $0.count) },
        shape: inputs[0].shape)
    ]
  }
}
