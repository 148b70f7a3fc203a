import BNormCore

/// Numbers of the Philox 4x32-10 generator, as TensorFlow's kernels with seeds draw them.
struct PhiloxStream {
  private var counter: [UInt32]
  private let key: (UInt32, UInt32)
  private var block: [UInt32] = []

  init(seed: UInt64, seed2: UInt64) {
    key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = [0, 0, UInt32(truncatingIfNeeded: seed2), UInt32(truncatingIfNeeded: seed2 >> 32)]
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
    if block.isEmpty {
      var (x, k) = (counter, key)
      for _ in 0..<10 {
        let a = UInt64(0xd251_1f53) * UInt64(x[0])
        let b = UInt64(0xcd9e_8d57) * UInt64(x[2])
        x = [
          UInt32(truncatingIfNeeded: b >> 32) ^ x[1] ^ k.0, UInt32(truncatingIfNeeded: b),
          UInt32(truncatingIfNeeded: a >> 32) ^ x[3] ^ k.1, UInt32(truncatingIfNeeded: a),
        ]
        k = (k.0 &+ 0x9e37_79b9, k.1 &+ 0xbb67_ae85)
      }
      skip(1)
      block = x.reversed()
    }
    return block.removeLast()
  }

  /// The next number in [0, 1).
  mutating func nextDouble() -> Double {
    let (first, second) = (next(), next())
    let mantissa = UInt64(first & 0xf_ffff) << 32 | UInt64(second)
    return Double(bitPattern: 1023 << 52 | mantissa) - 1
  }
}
