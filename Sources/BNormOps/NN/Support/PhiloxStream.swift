import BNormCore

/// Numbers of the Philox 4x32-10 generator, as TensorFlow's kernels with seeds draw them.
struct PhiloxStream {
  private var counter: SIMD4<UInt32>
  private let key: SIMD2<UInt32>
  private var block = SIMD4<UInt32>()
  private var left = 0

  init(seed: UInt64, seed2: UInt64) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = SIMD4(
      0, 0, UInt32(truncatingIfNeeded: seed2), UInt32(truncatingIfNeeded: seed2 >> 32))
  }

  /// A stream for `count` numbers from here on; this one goes on behind them.
  mutating func reserve(_ count: Int) -> PhiloxStream {
    let out = self
    skip(UInt64((count + 3) / 4))
    return out
  }

  private mutating func skip(_ blocks: UInt64) {
    var rest = blocks
    for i in 0..<4 {
      let sum = UInt64(counter[i]) + (rest & 0xffff_ffff)
      counter[i] = UInt32(truncatingIfNeeded: sum)
      rest = (rest >> 32) + (sum >> 32)
    }
  }

  /// The next number.
  mutating func next() -> UInt32 {
    if left == 0 {
      block = PhiloxBlock.words(counter, key)
      skip(1)
      left = 4
    }
    left -= 1
    return block[3 - left]
  }

  /// The next number in [0, 1).
  mutating func nextDouble() -> Double {
    let (first, second) = (next(), next())
    let mantissa = UInt64(first & 0xf_ffff) << 32 | UInt64(second)
    return Double(bitPattern: 1023 << 52 | mantissa) - 1
  }
}
