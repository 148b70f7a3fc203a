import BNormCore
import BNormTensor
import Glibc

/// Where an index goes in a random order of [0, max_index], without making the order: a small block
/// cipher (Simon, 2013) walked until it stays in range.
struct RandomIndexShuffle: EagerOperation {
  static let opNames = ["RandomIndexShuffle"]
  let rounds: Int

  init(_ node: NodeContext) throws {
    rounds = try node.int("rounds")
    guard rounds >= 4, rounds % 2 == 0, rounds <= 1 << 16 else {
      throw BNormError.invalid("attribute rounds is \(rounds), expected an even number from 4 on")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    for (i, (name, rank)) in [("index", 1), ("seed", 2), ("max_index", 1)].enumerated() {
      let shape = inputs[i].shape
      if let r = shape.rank, r > rank || (i == 1 && r == 0) {
        throw BNormError.invalid("input \(i) (\(name)) has shape \(shape), expected rank \(rank)")
      }
    }
    let shapes = inputs.map(\.shape)
    if let last = shapes[1].dimensions?.last, last >= 0, last != 3 {
      throw BNormError.invalid("input 1 (seed) has shape \(shapes[1]), expected 3 numbers each")
    }
    guard let i = shapes[0].rank, let s = shapes[1].rank, let m = shapes[2].rank else {
      return nil
    }
    if i == 0, s == 1, m == 0 { return [.scalar] }
    var count: Int?
    for (shape, isVector) in [(shapes[0], i == 1), (shapes[1], s == 2), (shapes[2], m == 1)]
    where isVector {
      guard let n = shape[0] else { continue }
      if let count, count != n {
        throw BNormError.invalid(
          "index, seed and max_index have shapes \(shapes[0]), \(shapes[1]) and \(shapes[2])")
      }
      count = n
    }
    return [.vector(count)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let facts = inputs.map { Fact($0.dtype, PartialShape($0.shape)) }
    guard let shape = try infer(facts)?[0].full else { return [] }
    let index = Self.words(inputs[0])
    let seed = Self.words(inputs[1])
    let top = Self.words(inputs[2])
    var out: [UInt64] = []
    for i in 0..<shape.count {
      let s = inputs[1].rank == 1 ? 0 : 3 * i
      let key = (0..<3).map { UInt64(UInt32(truncatingIfNeeded: seed[s + $0])) }
      let x = index[inputs[0].rank == 0 ? 0 : i]
      let limit = top[inputs[2].rank == 0 ? 0 : i]
      guard x <= limit else {
        throw BNormError.invalid("index \(x) is greater than max_index \(limit)")
      }
      out.append(IndexCipher(key, top: limit, rounds: rounds).walk(x))
    }
    let result = Tensor(dtype: inputs[0].dtype, shape: shape)
    if result.dtype.size == 4 {
      let target = result.mutableElements(UInt32.self)
      for i in out.indices { target[i] = UInt32(truncatingIfNeeded: out[i]) }
    } else {
      let target = result.mutableElements(UInt64.self)
      for i in out.indices { target[i] = out[i] }
    }
    return [result]
  }

  private static func words(_ tensor: Tensor) -> [UInt64] {
    switch tensor.dtype {
    case .int32: tensor.elements(Int32.self).map { UInt64(bitPattern: Int64($0)) }
    case .uint32: tensor.elements(UInt32.self).map { UInt64($0) }
    default: tensor.array(UInt64.self)
    }
  }
}

/// The cipher for numbers up to `top`.
struct IndexCipher {
  private let top: UInt64
  /// Bits of half a block.
  private let bits: UInt64
  private let mask: UInt64
  private var keys: [UInt64]

  init(_ key: [UInt64], top: UInt64, rounds: Int) {
    self.top = top
    // As many bits as `top` has, one less for a power of two; even, and 16 at least.
    var size = top > 0 ? Int(log2(Double(top)).rounded(.up)) : 0
    size = min(64, max(size + size % 2, 16))
    bits = UInt64(size / 2)
    mask = (1 << bits) - 1
    keys = key.map { [mask] in $0 & mask }
    var z: UInt64 = 0x7369_f885_192c_0ef5 & mask
    for i in 3..<max(3, rounds) {
      let previous = keys[i - 1]
      let turned = right(previous, 3) ^ right(previous, 4)
      keys.append((0xffff_fffc & mask) ^ (z & 1) ^ keys[i - 3] ^ turned)
      z >>= 1
    }
  }

  /// The first number up to `top` that follows `index`.
  func walk(_ index: UInt64) -> UInt64 {
    guard top > 0 else { return 0 }
    var x = index
    repeat { x = encrypt(x) } while x > top
    return x
  }

  private func left(_ x: UInt64, _ n: UInt64) -> UInt64 { ((x << n) | (x >> (bits - n))) & mask }
  private func right(_ x: UInt64, _ n: UInt64) -> UInt64 { ((x >> n) | (x << (bits - n))) & mask }
  private func mix(_ x: UInt64) -> UInt64 { (left(x, 1) & left(x, 8)) ^ left(x, 2) }

  private func encrypt(_ value: UInt64) -> UInt64 {
    var high = (value >> bits) & mask
    var low = value & mask
    for i in stride(from: 0, to: keys.count - 1, by: 2) {
      high ^= mix(low) ^ keys[i]
      low ^= mix(high) ^ keys[i + 1]
    }
    return high << bits | low
  }
}
