import BNormTensor
import Glibc

/// Turns groups of words into groups of elements, as TensorFlow's distributions do.
protocol Distribution: Sendable {
  associatedtype Output: Element
  /// Elements of one group.
  static var groupSize: Int { get }
  /// Words that a group may use; groups of distributions that reject are 256 words an element apart.
  static var rejects: Bool { get }
  /// Writes a group from four words.
  func group(_ words: SIMD4<UInt32>, _ out: UnsafeMutablePointer<Output>)
  /// Writes a group from as many words as it takes.
  func group(_ words: inout SingleWords, _ out: UnsafeMutablePointer<Output>)
}

extension Distribution {
  static var rejects: Bool { false }
  func group(_ words: SIMD4<UInt32>, _ out: UnsafeMutablePointer<Output>) {}
  func group(_ words: inout SingleWords, _ out: UnsafeMutablePointer<Output>) {}

  /// Fills `out` from `philox`.
  func fill(_ philox: Philox, _ out: UnsafeMutableBufferPointer<Output>) {
    let size = Self.groupSize
    let groups = (out.count + size - 1) / size
    var generator = philox
    withUnsafeTemporaryAllocation(of: Output.self, capacity: size) { buffer in
      for g in 0..<groups {
        let n = min(size, out.count - g * size)
        let whole = n == size
        let target = whole ? out.baseAddress! + g * size : buffer.baseAddress!
        if Self.rejects {
          var start = philox
          start.skip(UInt64(g) &* UInt64(size * 256 / Philox.wordCount))
          var words = SingleWords(start)
          group(&words, target)
        } else {
          group(generator.next(), target)
        }
        if !whole { for i in 0..<n { out[g * size + i] = buffer[i] } }
      }
    }
  }
}

struct UniformFloat: Distribution {
  static let groupSize = 4
  func group(_ words: SIMD4<UInt32>, _ out: UnsafeMutablePointer<Float>) {
    for i in 0..<4 { out[i] = UnitInterval.float(words[i]) }
  }
}

struct UniformDouble: Distribution {
  static let groupSize = 2
  func group(_ words: SIMD4<UInt32>, _ out: UnsafeMutablePointer<Double>) {
    out[0] = UnitInterval.double(words[0], words[1])
    out[1] = UnitInterval.double(words[2], words[3])
  }
}

struct UniformHalf: Distribution {
  static let groupSize = 4
  func group(_ words: SIMD4<UInt32>, _ out: UnsafeMutablePointer<Float16>) {
    for i in 0..<4 { out[i] = UnitInterval.half(words[i]) }
  }
}

struct UniformBFloat16: Distribution {
  static let groupSize = 4
  func group(_ words: SIMD4<UInt32>, _ out: UnsafeMutablePointer<BFloat16>) {
    for i in 0..<4 { out[i] = BFloat16(UnitInterval.bfloat16(words[i])) }
  }
}

/// Whole words, or words in [low, low + range): 32-bit elements.
struct UniformWord32<Output: FixedWidthInteger & Element>: Distribution {
  static var groupSize: Int { 4 }
  /// nil: all values.
  let range: (low: Output, count: UInt32)?
  func group(_ words: SIMD4<UInt32>, _ out: UnsafeMutablePointer<Output>) {
    for i in 0..<4 {
      guard let range else {
        out[i] = Output(truncatingIfNeeded: words[i])
        continue
      }
      out[i] = range.low &+ Output(truncatingIfNeeded: words[i] % range.count)
    }
  }
}

/// The same for 64-bit elements.
struct UniformWord64<Output: FixedWidthInteger & Element>: Distribution {
  static var groupSize: Int { 2 }
  let range: (low: Output, count: UInt64)?
  func group(_ words: SIMD4<UInt32>, _ out: UnsafeMutablePointer<Output>) {
    for i in 0..<2 {
      let bits = UInt64(words[2 * i]) | UInt64(words[2 * i + 1]) << 32
      guard let range else {
        out[i] = Output(truncatingIfNeeded: bits)
        continue
      }
      out[i] = range.low &+ Output(truncatingIfNeeded: bits % range.count)
    }
  }
}

/// Pairs of standard normal numbers (Box and Muller, 1958).
enum BoxMuller {
  @inline(__always)
  static func floats(_ a: UInt32, _ b: UInt32) -> (Float, Float) {
    let u = max(UnitInterval.float(a), 1e-7)
    let angle = Float(2 * Double.pi * Double(UnitInterval.float(b)))
    let radius = (-2 * logf(u)).squareRoot()
    return (sinf(angle) * radius, cosf(angle) * radius)
  }

  @inline(__always)
  static func doubles(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32) -> (Double, Double) {
    let u = max(UnitInterval.double(a, b), 1e-7)
    let angle = 2 * Double.pi * UnitInterval.double(c, d)
    let radius = (-2 * log(u)).squareRoot()
    return (sin(angle) * radius, cos(angle) * radius)
  }
}

/// Standard normal numbers; short dtypes round floats.
struct NormalFloat<Output: Element>: Distribution {
  static var groupSize: Int { 4 }
  let round: @Sendable (Float) -> Output
  func group(_ words: SIMD4<UInt32>, _ out: UnsafeMutablePointer<Output>) {
    for i in [0, 2] {
      let (a, b) = BoxMuller.floats(words[i], words[i + 1])
      out[i] = round(a)
      out[i + 1] = round(b)
    }
  }
}

struct NormalDouble: Distribution {
  static let groupSize = 2
  func group(_ words: SIMD4<UInt32>, _ out: UnsafeMutablePointer<Double>) {
    (out[0], out[1]) = BoxMuller.doubles(words[0], words[1], words[2], words[3])
  }
}

/// Standard normal numbers within two standard deviations.
struct TruncatedNormalFloat<Output: Element>: Distribution {
  static var groupSize: Int { 4 }
  static var rejects: Bool { true }
  let round: @Sendable (Float) -> Output
  func group(_ words: inout SingleWords, _ out: UnsafeMutablePointer<Output>) {
    var count = 0
    while true {
      let first = words.next()
      let (a, b) = BoxMuller.floats(first, words.next())
      for x in [a, b] where abs(x) < 2 {
        out[count] = round(x)
        count += 1
        if count == 4 { return }
      }
    }
  }
}

struct TruncatedNormalDouble: Distribution {
  static let groupSize = 2
  static let rejects = true
  func group(_ words: inout SingleWords, _ out: UnsafeMutablePointer<Double>) {
    var count = 0
    while true {
      let w = (words.next(), words.next(), words.next(), words.next())
      let (a, b) = BoxMuller.doubles(w.0, w.1, w.2, w.3)
      for x in [a, b] where abs(x) < 2 {
        out[count] = x
        count += 1
        if count == 2 { return }
      }
    }
  }
}
