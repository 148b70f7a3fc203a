/// SipHash-2-4 (Aumasson and Bernstein, 2012), TensorFlow's strong hash.
enum SipHash {
  static func hash(_ bytes: [UInt8], key: (UInt64, UInt64)) -> UInt64 {
    var v: (UInt64, UInt64, UInt64, UInt64) = (
      key.0 ^ 0x736f_6d65_7073_6575, key.1 ^ 0x646f_7261_6e64_6f6d,
      key.0 ^ 0x6c79_6765_6e65_7261, key.1 ^ 0x7465_6462_7974_6573
    )
    func rotate(_ x: UInt64, _ n: UInt64) -> UInt64 { x << n | x >> (64 - n) }
    func round() {
      v.0 = v.0 &+ v.1
      v.2 = v.2 &+ v.3
      v.1 = rotate(v.1, 13) ^ v.0
      v.3 = rotate(v.3, 16) ^ v.2
      v.0 = rotate(v.0, 32)
      v.2 = v.2 &+ v.1
      v.0 = v.0 &+ v.3
      v.1 = rotate(v.1, 17) ^ v.2
      v.3 = rotate(v.3, 21) ^ v.0
      v.2 = rotate(v.2, 32)
    }
    func take(_ m: UInt64) {
      v.3 ^= m
      round()
      round()
      v.0 ^= m
    }
    let whole = bytes.count / 8 * 8
    for i in stride(from: 0, to: whole, by: 8) {
      take((0..<8).reduce(0) { $0 | UInt64(bytes[i + $1]) << UInt64(8 * $1) })
    }
    var last = UInt64(truncatingIfNeeded: bytes.count) << 56
    for i in whole..<bytes.count { last |= UInt64(bytes[i]) << UInt64(8 * (i - whole)) }
    take(last)
    v.2 ^= 0xff
    for _ in 0..<4 { round() }
    return v.0 ^ v.1 ^ v.2 ^ v.3
  }
}

/// TensorFlow's in-memory hash (a Murmur-like one), which `StringToHashBucket` exposes.
enum MemoryHash {
  static func hash(_ bytes: [UInt8], seed: UInt64 = 0xdeca_fcaf_fe) -> UInt64 {
    let m: UInt64 = 0xc6a4_a793_5bd1_e995
    var h = seed ^ UInt64(bytes.count) &* m
    let whole = bytes.count / 8 * 8
    for i in stride(from: 0, to: whole, by: 8) {
      var k = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[i + $1]) << UInt64(8 * $1) }
      k = k &* m
      k ^= k >> 47
      h = (h ^ k &* m) &* m
    }
    if whole < bytes.count {
      for i in whole..<bytes.count { h ^= UInt64(bytes[i]) << UInt64(8 * (i - whole)) }
      h = h &* m
    }
    h ^= h >> 47
    h = h &* m
    return h ^ h >> 47
  }
}
