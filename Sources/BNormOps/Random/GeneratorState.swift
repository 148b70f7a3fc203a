import BNormCore
import BNormTensor

/// The generator of one stateful random op, kept for the session.
final class GeneratorState: @unchecked Sendable {
  private let lock = Lock()
  private var philox: Philox

  init(_ philox: Philox) { self.philox = philox }

  /// The generator as it is, for a caller that may use up to `count` elements of 256 words each.
  func reserve(_ count: Int, multiplier: Int = 256) -> Philox {
    reserve128(UInt64(max(0, count)) &* UInt64(multiplier))
  }

  /// The generator as it is; the next caller begins `count` calls later.
  func reserve128(_ count: UInt64) -> Philox {
    lock.withLock {
      let current = philox
      philox.skip(count)
      return current
    }
  }
}

/// Attributes `seed` and `seed2`. Both 0: seeded from the system's entropy.
struct Seeds: Sendable {
  let seed: UInt64
  let seed2: UInt64

  init(_ node: NodeContext) throws {
    seed = UInt64(bitPattern: Int64(try node.int("seed")))
    seed2 = UInt64(bitPattern: Int64(try node.int("seed2")))
  }

  func makePhilox() -> Philox {
    guard seed == 0, seed2 == 0 else { return Philox(seed: seed, seed2: seed2) }
    return Philox(seed: .random(in: 0...UInt64.max), seed2: .random(in: 0...UInt64.max))
  }

  func state(_ context: RunContext) throws -> GeneratorState {
    try context.session.object(context.nodeKey) { GeneratorState(makePhilox()) }
  }
}
