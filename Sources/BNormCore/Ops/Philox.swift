/// The counter-based generator Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as
/// 1, 2, 3", 2011).
public enum PhiloxBlock {
  /// The four words that belong to a counter and a key, least significant words first.
  @inlinable @inline(__always)
  public static func words(_ counter: SIMD4<UInt32>, _ key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (c, k) = (counter, key)
    for _ in 0..<10 {
      let a = UInt64(0xd251_1f53) &* UInt64(c[0])
      let b = UInt64(0xcd9e_8d57) &* UInt64(c[2])
      c = SIMD4(
        UInt32(truncatingIfNeeded: b >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: a))
      k[0] &+= 0x9e37_79b9
      k[1] &+= 0xbb67_ae85
    }
    return c
  }
}

/// Words of Philox one after the other: what shuffling queues and datasets draw from.
public struct PhiloxWords: Sendable {
  private var counter: SIMD4<UInt32>
  private let key: SIMD2<UInt32>
  private var words = SIMD4<UInt32>()
  private var used = 4

  public init(seed: UInt64, seed2: UInt64) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = SIMD4(
      0, 0, UInt32(truncatingIfNeeded: seed2), UInt32(truncatingIfNeeded: seed2 >> 32))
  }

  public mutating func next() -> UInt32 {
    if used == 4 {
      words = PhiloxBlock.words(counter, key)
      counter[0] &+= 1
      if counter[0] == 0 { counter[1] &+= 1 }
      used = 0
    }
    defer { used += 1 }
    return words[used]
  }
}
