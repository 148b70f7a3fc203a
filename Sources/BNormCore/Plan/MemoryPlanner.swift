/// Lays values with known lifetimes out in one arena.
struct MemoryPlanner {
  private struct Value {
    var slot: Int32
    var bytes: Int
    var first: Int
    var last: Int
    var offset = -1
    var inPlaceOf: [Int32] = []
  }
  private var values: [Value] = []
  private var index: [Int32: Int] = [:]
  private(set) var totalBytes = 0

  static let alignment = 64

  mutating func define(_ slot: Int32, bytes: Int, step: Int) {
    index[slot] = values.count
    let rounded = (max(bytes, 1) + MemoryPlanner.alignment - 1) & ~(MemoryPlanner.alignment - 1)
    values.append(Value(slot: slot, bytes: rounded, first: step, last: step))
  }

  mutating func use(_ slot: Int32, until step: Int) {
    guard let i = index[slot] else { return }
    values[i].last = max(values[i].last, step)
  }

  mutating func allowInPlace(output: Int32, input: Int32) {
    guard let i = index[output] else { return }
    values[i].inPlaceOf.append(input)
  }

  func offset(of slot: Int32) -> Int { index[slot].map { values[$0].offset } ?? 0 }

  /// Best fit over the free ranges, in order of definition; a value takes over the place of an
  /// input that ends where it begins, if the kernel works in place.
  mutating func layOut() {
    var free = FreeRanges()
    var ending: [Int: [Int]] = [:]
    for i in values.indices { ending[values[i].last, default: []].append(i) }
    var released = Set<Int>()
    var step = values.first?.first ?? 0
    for i in values.indices {
      while step < values[i].first {
        for j in ending[step] ?? [] where !released.contains(j) {
          free.insert(values[j].offset, values[j].bytes)
        }
        step += 1
      }
      let match = values[i].inPlaceOf.lazy.compactMap { [index] in index[$0] }.first {
        [values] j in
        values[j].last == values[i].first && values[j].bytes == values[i].bytes
          && !released.contains(j) && values[j].first < values[i].first
      }
      if let j = match {
        values[i].offset = values[j].offset
        released.insert(j)
      } else {
        values[i].offset = free.take(values[i].bytes, end: &totalBytes)
      }
    }
  }
}

/// Free ranges of the arena, sorted by offset.
private struct FreeRanges {
  private var ranges: [(offset: Int, bytes: Int)] = []

  mutating func insert(_ offset: Int, _ bytes: Int) {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].offset < offset { low = middle + 1 } else { high = middle }
    }
    ranges.insert((offset, bytes), at: low)
    if low + 1 < ranges.count, ranges[low].offset + ranges[low].bytes == ranges[low + 1].offset {
      ranges[low].bytes += ranges[low + 1].bytes
      ranges.remove(at: low + 1)
    }
    if low > 0, ranges[low - 1].offset + ranges[low - 1].bytes == ranges[low].offset {
      ranges[low - 1].bytes += ranges[low].bytes
      ranges.remove(at: low)
    }
  }

  mutating func take(_ bytes: Int, end: inout Int) -> Int {
    var best: Int?
    for (k, range) in ranges.enumerated() where range.bytes >= bytes {
      if best == nil || range.bytes < ranges[best!].bytes { best = k }
    }
    if let k = best {
      let offset = ranges[k].offset
      if ranges[k].bytes == bytes {
        ranges.remove(at: k)
      } else {
        ranges[k] = (offset + bytes, ranges[k].bytes - bytes)
      }
      return offset
    }
    if let last = ranges.last, last.offset + last.bytes == end {
      ranges.removeLast()
      end = last.offset + bytes
      return last.offset
    }
    defer { end += bytes }
    return end
  }
}
