/// FarmHash's 64-bit fingerprint, which TensorFlow uses where hashes are stored.
enum FarmHash {
  private static let k0: UInt64 = 0xc3a5_c85c_97cb_3127
  private static let k1: UInt64 = 0xb492_b66f_be98_f273
  private static let k2: UInt64 = 0x9ae1_6a3b_2f90_404f

  static func fingerprint(_ bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBytes { fingerprint($0) }
  }

  static func fingerprint(_ s: UnsafeRawBufferPointer) -> UInt64 {
    switch s.count {
    case 0...16: upTo16(s)
    case 17...32: upTo32(s)
    case 33...64: upTo64(s)
    default: longer(s)
    }
  }

  private static func word(_ s: UnsafeRawBufferPointer, _ i: Int) -> UInt64 {
    UInt64(littleEndian: s.loadUnaligned(fromByteOffset: i, as: UInt64.self))
  }
  private static func half(_ s: UnsafeRawBufferPointer, _ i: Int) -> UInt64 {
    UInt64(UInt32(littleEndian: s.loadUnaligned(fromByteOffset: i, as: UInt32.self)))
  }
  private static func rotate(_ x: UInt64, _ n: UInt64) -> UInt64 { x >> n | x << (64 - n) }
  private static func mix(_ x: UInt64) -> UInt64 { x ^ x >> 47 }

  private static func join(_ u: UInt64, _ v: UInt64, _ multiplier: UInt64) -> UInt64 {
    let a = mix((u ^ v) &* multiplier)
    return mix((v ^ a) &* multiplier) &* multiplier
  }

  private static func upTo16(_ s: UnsafeRawBufferPointer) -> UInt64 {
    let n = s.count
    let m = k2 &+ UInt64(n) &* 2
    if n >= 8 {
      let a = word(s, 0) &+ k2
      let b = word(s, n - 8)
      return join(rotate(b, 37) &* m &+ a, (rotate(a, 25) &+ b) &* m, m)
    }
    if n >= 4 { return join(UInt64(n) &+ half(s, 0) << 3, half(s, n - 4), m) }
    if n > 0 {
      let y = UInt64(s[0]) &+ UInt64(s[n >> 1]) << 8
      let z = UInt64(n) &+ UInt64(s[n - 1]) << 2
      return mix(y &* k2 ^ z &* k0) &* k2
    }
    return k2
  }

  private static func upTo32(_ s: UnsafeRawBufferPointer) -> UInt64 {
    let n = s.count
    let m = k2 &+ UInt64(n) &* 2
    let a = word(s, 0) &* k1
    let b = word(s, 8)
    let c = word(s, n - 8) &* m
    let d = word(s, n - 16) &* k2
    return join(
      rotate(a &+ b, 43) &+ rotate(c, 30) &+ d, a &+ rotate(b &+ k2, 18) &+ c, m)
  }

  private static func upTo64(_ s: UnsafeRawBufferPointer) -> UInt64 {
    let n = s.count
    let m = k2 &+ UInt64(n) &* 2
    let a = word(s, 0) &* k2
    let b = word(s, 8)
    let c = word(s, n - 8) &* m
    let d = word(s, n - 16) &* k2
    let y = rotate(a &+ b, 43) &+ rotate(c, 30) &+ d
    let z = join(y, a &+ rotate(b &+ k2, 18) &+ c, m)
    let e = word(s, 16) &* m
    let f = word(s, 24)
    let g = (y &+ word(s, n - 32)) &* m
    let h = (z &+ word(s, n - 24)) &* m
    return join(rotate(e &+ f, 43) &+ rotate(g, 30) &+ h, e &+ rotate(f &+ a, 18) &+ g, m)
  }

  private typealias Pair = (first: UInt64, second: UInt64)

  private static func weak(
    _ s: UnsafeRawBufferPointer, _ i: Int, _ a: UInt64, _ b: UInt64
  ) -> Pair {
    let (w, x, y, z) = (word(s, i), word(s, i + 8), word(s, i + 16), word(s, i + 24))
    var a = a &+ w
    var b = rotate(b &+ a &+ z, 21)
    let c = a
    a = a &+ x &+ y
    b = b &+ rotate(a, 44)
    return (a &+ z, b &+ c)
  }

  private static func longer(_ s: UnsafeRawBufferPointer) -> UInt64 {
    let n = s.count
    var x: UInt64 = 81
    var y: UInt64 = 81 &* k1 &+ 113
    var z = mix(y &* k2 &+ 113) &* k2
    var v: Pair = (0, 0)
    var w: Pair = (0, 0)
    x = x &* k2 &+ word(s, 0)
    func round(_ i: Int, _ m: UInt64, _ wFactor: UInt64, _ vFactor: UInt64) {
      x = rotate(x &+ y &+ v.first &+ word(s, i + 8), 37) &* m
      y = rotate(y &+ v.second &+ word(s, i + 48), 42) &* m
      x ^= w.second &* wFactor
      y = y &+ v.first &* vFactor &+ word(s, i + 40)
      z = rotate(z &+ w.first, 33) &* m
      v = weak(s, i, v.second &* m, x &+ w.first)
      w = weak(s, i + 32, z &+ w.second, y &+ word(s, i + 16))
      swap(&z, &x)
    }
    let end = (n - 1) / 64 * 64
    for i in stride(from: 0, to: end, by: 64) { round(i, k1, 1, 1) }
    let m = k1 &+ (z & 0xff) << 1
    w.first = w.first &+ UInt64((n - 1) & 63)
    v.first = v.first &+ w.first
    w.first = w.first &+ v.first
    round(end + ((n - 1) & 63) - 63, m, 9, 9)
    return join(
      join(v.first, w.first, m) &+ mix(y) &* k0 &+ z, join(v.second, w.second, m) &+ x, m)
  }
}

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
