import BNormCore

/// The generator Philox, seeded and skipped as TensorFlow does.
struct Philox: Sendable {
  /// 128 bits, least significant word first.
  var counter: SIMD4<UInt32>
  var key: SIMD2<UInt32>

  /// Words that one call gives.
  static let wordCount = 4

  init(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) {
    self.counter = counter
    self.key = key
  }

  /// The generator that 64-bit words describe.
  init(counter: (UInt64, UInt64), key: UInt64) {
    self.init(
      counter: SIMD4(
        UInt32(truncatingIfNeeded: counter.0), UInt32(truncatingIfNeeded: counter.0 >> 32),
        UInt32(truncatingIfNeeded: counter.1), UInt32(truncatingIfNeeded: counter.1 >> 32)),
      key: SIMD2(UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32)))
  }

  var counterWords: (UInt64, UInt64) {
    (
      UInt64(counter[0]) | UInt64(counter[1]) << 32,
      UInt64(counter[2]) | UInt64(counter[3]) << 32
    )
  }
  var keyWord: UInt64 { UInt64(key[0]) | UInt64(key[1]) << 32 }

  /// The generator of an op with attributes `seed` and `seed2`.
  init(seed: UInt64, seed2: UInt64) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = SIMD4(
      0, 0, UInt32(truncatingIfNeeded: seed2), UInt32(truncatingIfNeeded: seed2 >> 32))
  }

  /// Advances as `count` calls of `next` do.
  mutating func skip(_ count: UInt64) {
    let low = UInt64(counter[0]) | UInt64(counter[1]) << 32
    let (sum, carry) = low.addingReportingOverflow(count)
    counter[0] = UInt32(truncatingIfNeeded: sum)
    counter[1] = UInt32(truncatingIfNeeded: sum >> 32)
    if carry {
      counter[2] &+= 1
      if counter[2] == 0 { counter[3] &+= 1 }
    }
  }

  /// The next four words.
  @inline(__always)
  mutating func next() -> SIMD4<UInt32> {
    defer { skip(1) }
    return PhiloxBlock.words(counter, key)
  }
}

/// One word after another of a generator.
struct SingleWords {
  var philox: Philox
  private var words = SIMD4<UInt32>()
  private var used = 4

  init(_ philox: Philox) { self.philox = philox }

  mutating func next() -> UInt32 {
    if used == 4 {
      words = philox.next()
      used = 0
    }
    defer { used += 1 }
    return words[used]
  }

  /// Drops `count` words.
  mutating func skip(_ count: UInt64) {
    let left = UInt64(4 - used)
    guard count > left else {
      used += Int(count)
      return
    }
    let rest = count - left
    philox.skip(rest / 4)
    used = 4
    let odd = Int(rest % 4)
    if odd > 0 {
      words = philox.next()
      used = odd
    }
  }

  /// In [0, 1).
  mutating func float() -> Float { UnitInterval.float(next()) }
  mutating func double() -> Double {
    let low = next()
    return UnitInterval.double(low, next())
  }
}

/// Words as numbers in [0, 1), as TensorFlow makes them: random mantissas.
enum UnitInterval {
  @inline(__always)
  static func float(_ word: UInt32) -> Float {
    Float(bitPattern: 127 << 23 | (word & 0x7f_ffff)) - 1
  }

  @inline(__always)
  static func double(_ low: UInt32, _ high: UInt32) -> Double {
    Double(bitPattern: 1023 << 52 | UInt64(low & 0xf_ffff) << 32 | UInt64(high)) - 1
  }

  @inline(__always)
  static func half(_ word: UInt32) -> Float16 {
    Float16(bitPattern: 15 << 10 | UInt16(truncatingIfNeeded: word) & 0x3ff) - 1
  }

  /// As a float that bfloat16 represents.
  @inline(__always)
  static func bfloat16(_ word: UInt32) -> Float {
    Float(bitPattern: UInt32(127 << 7 | UInt16(truncatingIfNeeded: word) & 0x7f) << 16) - 1
  }
}
