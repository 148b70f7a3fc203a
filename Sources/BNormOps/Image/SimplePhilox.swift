import BNormCore
import BNormTensor

/// The Philox 4x32-10 generator: numbers from a counter and a key.
struct Philox: Sendable {
  private var counter: (UInt32, UInt32, UInt32, UInt32)
  private let key: (UInt32, UInt32)

  init(seed: UInt64, seed2: UInt64) {
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = (0, 0, UInt32(truncatingIfNeeded: seed2), UInt32(truncatingIfNeeded: seed2 >> 32))
  }

  /// The generator of a stateless op: the two seeds are mixed once.
  init(statelessSeed a: UInt64, _ b: UInt64) {
    var mixer = Philox(
      counter: (
        UInt32(truncatingIfNeeded: a), UInt32(truncatingIfNeeded: a >> 32),
        UInt32(truncatingIfNeeded: b), UInt32(truncatingIfNeeded: b >> 32)
      ), key: (0x3ec8_f720, 0x0246_1e29))
    let mix = mixer.next()
    self.init(counter: (0, 0, mix.2, mix.3), key: (mix.0, mix.1))
  }

  private init(counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)) {
    self.counter = counter
    self.key = key
  }

  /// Passes over `count` blocks of four numbers.
  mutating func skip(_ count: UInt64) {
    let low = UInt64(counter.1) << 32 | UInt64(counter.0)
    let (sum, overflow) = low.addingReportingOverflow(count)
    counter.0 = UInt32(truncatingIfNeeded: sum)
    counter.1 = UInt32(truncatingIfNeeded: sum >> 32)
    guard overflow else { return }
    let high = (UInt64(counter.3) << 32 | UInt64(counter.2)) &+ 1
    counter.2 = UInt32(truncatingIfNeeded: high)
    counter.3 = UInt32(truncatingIfNeeded: high >> 32)
  }

  /// The next four numbers.
  mutating func next() -> (UInt32, UInt32, UInt32, UInt32) {
    var x = counter, k = key
    for _ in 0..<10 {
      let a = UInt64(0xd251_1f53) * UInt64(x.0), b = UInt64(0xcd9e_8d57) * UInt64(x.2)
      x = (
        UInt32(truncatingIfNeeded: b >> 32) ^ x.1 ^ k.0, UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ x.3 ^ k.1, UInt32(truncatingIfNeeded: a)
      )
      k = (k.0 &+ 0x9e37_79b9, k.1 &+ 0xbb67_ae85)
    }
    skip(1)
    return x
  }
}

/// Single numbers from a Philox generator.
struct SimplePhilox {
  private var generator: Philox
  private var held: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
  private var used = 4

  init(_ generator: Philox) { self.generator = generator }

  mutating func uint32() -> UInt32 {
    if used == 4 {
      held = generator.next()
      used = 0
    }
    used += 1
    switch used {
    case 1: return held.0
    case 2: return held.1
    case 3: return held.2
    default: return held.3
    }
  }

  /// In [0, 1).
  mutating func float() -> Float { Float(bitPattern: 127 << 23 | (uint32() & 0x7f_ffff)) - 1 }

  /// In [0, n), all alike; 0 for an n of 0.
  mutating func uniform(_ n: UInt32) -> UInt32 {
    if n & (n &- 1) == 0 { return n == 0 ? uint32() & 0 : uint32() & (n - 1) }
    let rejected = UInt32.max % n + 1
    var x = uint32()
    while x < rejected { x = uint32() }
    return x % n
  }
}

/// The generator of one node, from which each step takes its share.
final class NodeRandom: @unchecked Sendable {
  private let lock = Lock()
  private var generator: Philox

  private struct Key: Hashable {
    let node: NodeKey
  }

  private init(_ generator: Philox) { self.generator = generator }

  /// The generator for the node that `context` runs; seeds that are both 0 mean any seed.
  static func find(_ context: RunContext, seed: Int, seed2: Int) throws -> NodeRandom {
    try context.session.object(Key(node: context.nodeKey)) {
      guard seed == 0, seed2 == 0 else {
        return NodeRandom(
          Philox(seed: UInt64(bitPattern: Int64(seed)), seed2: UInt64(bitPattern: Int64(seed2))))
      }
      return NodeRandom(
        Philox(seed: .random(in: 0...UInt64.max), seed2: .random(in: 0...UInt64.max)))
    }
  }

  /// A generator for the next `count` numbers.
  func reserve(_ count: Int) -> SimplePhilox {
    lock.withLock {
      let taken = generator
      generator.skip(UInt64((count + 3) / 4))
      return SimplePhilox(taken)
    }
  }
}
