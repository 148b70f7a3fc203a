import BNormTensor
import Glibc

/// A distribution over [0, range) that candidate samplers draw from.
protocol RangeSampler {
  var range: Int { get }
  func sample(_ words: inout SingleWords) -> Int
  func probability(_ value: Int) -> Float
}

/// All numbers alike.
struct UniformSampler: RangeSampler {
  let range: Int
  func sample(_ words: inout SingleWords) -> Int { Int(words.below(UInt64(range))) }
  func probability(_ value: Int) -> Float { Float(1 / Double(range)) }
}

/// Probabilities that fall as logarithms of neighbours differ (Zipf's law).
struct LogUniformSampler: RangeSampler {
  let range: Int
  private let logRange: Double

  init(range: Int) {
    self.range = range
    logRange = log1p(Double(range))
  }
  func sample(_ words: inout SingleWords) -> Int {
    let value = exp(words.double() * logRange).rounded(.towardZero)
    return max(0, (Int(exactly: value) ?? .max) - 1) % range
  }
  func probability(_ value: Int) -> Float {
    Float(log((Double(value) + 2) / (Double(value) + 1)) / logRange)
  }
}

/// Given weights (Walker's alias method).
struct FixedUnigramSampler: RangeSampler {
  let range: Int
  private let weights: [Float]
  private let total: Float
  private let chances: [Float]
  private let aliases: [Int]
  /// How many numbers can come at all.
  let possible: Int

  init(weights: [Float]) {
    range = weights.count
    self.weights = weights
    total = weights.reduce(0, +)
    possible = weights.count { $0 > 0 }
    let n = weights.count
    let sum = weights.reduce(0.0) { $0 + Double($1) }
    var share = weights.map { Double($0 * Float(n)) / sum }
    var aliases = [Int](repeating: -1, count: n)
    var low: [Int] = []
    var high: [Int] = []
    for i in 0..<n { if share[i] < 1 { low.append(i) } else { high.append(i) } }
    while let l = low.last, let h = high.last {
      low.removeLast()
      high.removeLast()
      aliases[l] = h
      share[h] -= 1 - share[l]
      if share[h] < 1 { low.append(h) } else { high.append(h) }
    }
    for i in low + high {
      share[i] = 1
      aliases[i] = i
    }
    chances = share.map { Float($0) }
    self.aliases = aliases
  }

  func sample(_ words: inout SingleWords) -> Int {
    let chance = words.float()
    let i = Int(words.below(UInt32(truncatingIfNeeded: range)))
    return chance < chances[i] ? i : aliases[i]
  }
  func probability(_ value: Int) -> Float { weights[value] / total }
}

/// Weights that grow with what was seen; each number starts with 1. A tree of sums over a power of
/// two leaves, of which only what differs from the start is kept.
final class LearnedUnigramSampler: RangeSampler {
  let range: Int
  private let levels: Int
  private var extra: [[Int: Int]]
  private var total: Int

  init(range: Int) {
    self.range = range
    levels = range > 1 ? Int.bitWidth - (range - 1).leadingZeroBitCount : 0
    extra = Array(repeating: [:], count: levels + 1)
    total = range
  }

  func sample(_ words: inout SingleWords) -> Int {
    var position = Int(words.below(UInt32(truncatingIfNeeded: total)))
    var node = 0
    for level in stride(from: 1, through: levels, by: 1) {
      let left = 2 * node
      let span = 1 << (levels - level)
      let weight = min(max(range - left * span, 0), span) + extra[level][left, default: 0]
      if position < weight {
        node = left
      } else {
        node = left + 1
        position -= weight
      }
    }
    return node
  }

  func probability(_ value: Int) -> Float {
    Float(1 + extra[levels][value, default: 0]) / Float(total)
  }

  /// Adds 1 to the weight of each of `values`.
  func learn(_ values: some Collection<Int>) {
    for value in values.prefix(max(0, Int(Int32.max) - total)) {
      for level in 0...levels { extra[level][value >> (levels - level), default: 0] += 1 }
      total += 1
    }
  }
}

extension SingleWords {
  /// In [0, n), all alike.
  mutating func below(_ n: UInt32) -> UInt32 {
    if n & (n &- 1) == 0 { return next() & (n == 0 ? 0 : n - 1) }
    let rejected = UInt32.max % n + 1
    while true {
      let x = next()
      if x >= rejected { return x % n }
    }
  }

  /// In [0, n), all alike, from two words each.
  mutating func below(_ n: UInt64) -> UInt64 {
    func pair(_ words: inout SingleWords) -> UInt64 {
      let low = words.next()
      return UInt64(low) | UInt64(words.next()) << 32
    }
    if n & (n &- 1) == 0 { return pair(&self) & (n == 0 ? 0 : n - 1) }
    let rejected = UInt64.max % n + 1
    while true {
      let x = pair(&self)
      if x >= rejected { return x % n }
    }
  }
}
