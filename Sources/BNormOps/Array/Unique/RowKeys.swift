import BNormCore
import BNormTensor

/// Rows of a tensor in a form that compares and hashes fast: two rows are equal exactly when
/// TensorFlow finds all their elements equal.
struct RowKeys {
  let count: Int
  private let width: Int
  private let words: [UInt64]
  private let strings: [ByteString]
  /// Rows with a NaN, which equals nothing.
  private let isUnordered: [Bool]

  /// Rows are the slices of `tensor` along `axis`.
  init(_ tensor: Tensor, axis: Int) throws {
    let shape = tensor.shape
    let outer = shape.product(0..<axis)
    let inner = shape.product(axis + 1..<shape.rank)
    let (rowCount, rowWidth) = (shape[axis], outer * inner)
    count = rowCount
    width = rowWidth
    guard tensor.dtype != .string else {
      words = []
      isUnordered = []
      let all = tensor.strings
      if outer == 1 {
        strings = all
      } else {
        var rows: [ByteString] = []
        rows.reserveCapacity(all.count)
        for i in 0..<count {
          for o in 0..<outer { rows += all[(o * count + i) * inner..<(o * count + i + 1) * inner] }
        }
        strings = rows
      }
      return
    }
    strings = []
    let canonical = try tensor.dtype.visit(CanonicalWords(tensor: tensor))
    var words = canonical.words
    var unordered = canonical.unordered
    if outer > 1 {
      for i in 0..<rowCount {
        for o in 0..<outer {
          for k in 0..<inner {
            words[(i * outer + o) * inner + k] = canonical.words[(o * rowCount + i) * inner + k]
          }
        }
      }
      unordered = unordered.map { ($0 / inner) % rowCount }
    } else if rowWidth > 1 {
      unordered = unordered.map { $0 / rowWidth }
    }
    var marks = [Bool](repeating: false, count: unordered.isEmpty ? 0 : rowCount)
    for row in unordered { marks[row] = true }
    self.words = words
    isUnordered = marks
  }

  func hash(_ i: Int) -> Int {
    guard strings.isEmpty else {
      var hasher = Hasher()
      for string in strings[i * width..<(i + 1) * width] { hasher.combine(string) }
      return hasher.finalize()
    }
    var h: UInt64 = 0x9e37_79b9_7f4a_7c15
    for k in i * width..<(i + 1) * width {
      h = (h ^ words[k]) &* 0xff51_afd7_ed55_8ccd
      h ^= h >> 32
    }
    return Int(truncatingIfNeeded: h)
  }

  func equal(_ i: Int, _ other: RowKeys, _ j: Int) -> Bool {
    if !isUnordered.isEmpty, isUnordered[i] { return false }
    if !other.isUnordered.isEmpty, other.isUnordered[j] { return false }
    if !strings.isEmpty {
      for k in 0..<width where strings[i * width + k] != other.strings[j * width + k] { return false }
      return true
    }
    for k in 0..<width where words[i * width + k] != other.words[j * width + k] { return false }
    return true
  }
}

/// An open hash table of rows.
struct RowTable {
  private var slots: [Int32]
  private let mask: Int
  private let keys: RowKeys

  init(_ keys: RowKeys) {
    var size = 16
    while size < keys.count * 2 { size *= 2 }
    slots = [Int32](repeating: -1, count: size)
    mask = size - 1
    self.keys = keys
  }

  /// The number stored under a row that equals row `i`, after storing `number` when there is none.
  mutating func findOrInsert(_ i: Int, number: Int, rows: [Int]) -> Int {
    var slot = keys.hash(i) & mask
    while slots[slot] >= 0 {
      let found = Int(slots[slot])
      if keys.equal(i, keys, rows[found]) { return found }
      slot = (slot + 1) & mask
    }
    slots[slot] = Int32(number)
    return number
  }

  mutating func insert(_ i: Int) {
    var slot = keys.hash(i) & mask
    while slots[slot] >= 0 {
      if keys.equal(i, keys, Int(slots[slot])) { return }
      slot = (slot + 1) & mask
    }
    slots[slot] = Int32(i)
  }

  func contains(_ i: Int, of other: RowKeys) -> Bool {
    var slot = other.hash(i) & mask
    while slots[slot] >= 0 {
      if keys.equal(Int(slots[slot]), other, i) { return true }
      slot = (slot + 1) & mask
    }
    return false
  }
}

/// Elements as bit patterns that are equal exactly when the elements are (except for NaN).
private struct CanonicalWords: ElementVisitor {
  let tensor: Tensor

  func visit<T: Element>(_ type: T.Type) throws -> (words: [UInt64], unordered: [Int]) {
    let elements = tensor.elements(T.self)
    var unordered: [Int] = []
    func floating(_ bits: UInt64, _ isNaN: Bool, _ isZero: Bool, _ i: Int) -> UInt64 {
      if isNaN { unordered.append(i) }
      return isZero ? 0 : bits
    }
    var words = [UInt64](repeating: 0, count: elements.count)
    if let values = elements as? UnsafeBufferPointer<Float> {
      for (i, x) in values.enumerated() {
        words[i] = floating(UInt64(x.bitPattern), x.isNaN, x == 0, i)
      }
    } else if let values = elements as? UnsafeBufferPointer<Double> {
      for (i, x) in values.enumerated() { words[i] = floating(x.bitPattern, x.isNaN, x == 0, i) }
    } else if let values = elements as? UnsafeBufferPointer<Float16> {
      for (i, x) in values.enumerated() {
        words[i] = floating(UInt64(x.bitPattern), x.isNaN, x == 0, i)
      }
    } else if let values = elements as? UnsafeBufferPointer<BFloat16> {
      for (i, x) in values.enumerated() {
        words[i] = floating(UInt64(x.bitPattern), x.float.isNaN, x.float == 0, i)
      }
    } else {
      guard MemoryLayout<T>.size <= 8, !tensor.dtype.isComplex else {
        throw BNormError.unsupported("dtype \(tensor.dtype.name)")
      }
      let size = MemoryLayout<T>.size
      words.withUnsafeMutableBytes { words in
        for i in elements.indices {
          for b in 0..<size { words[i * 8 + b] = tensor.pointer.load(fromByteOffset: i * size + b, as: UInt8.self) }
        }
      }
    }
    return (words, unordered)
  }
}
