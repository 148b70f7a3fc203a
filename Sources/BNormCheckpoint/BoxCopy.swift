import BNormTensor

/// Copies the part that two boxes of one tensor have in common.
enum BoxCopy {
  /// Copies from a tensor that holds `sourceBox` into one that holds `targetBox`; returns the
  /// number of elements copied.
  static func copy(
    _ source: Tensor, _ sourceBox: [Range<Int>], _ target: inout Tensor, _ targetBox: [Range<Int>]
  ) -> Int {
    if source.dtype == .string {
      var strings = target.strings
      let count = forEachRow(sourceBox, targetBox) { from, to, length in
        for i in 0..<length { strings[to + i] = source.strings[from + i] }
      }
      target = Tensor(strings: strings, shape: target.shape)
      return count
    }
    let size = source.dtype.size
    let pointer = target.storage.pointer
    return forEachRow(sourceBox, targetBox) { from, to, length in
      (pointer + to * size).copyMemory(
        from: source.pointer + from * size, byteCount: length * size)
    }
  }

  private static func forEachRow(
    _ source: [Range<Int>], _ target: [Range<Int>], _ body: (Int, Int, Int) -> Void
  ) -> Int {
    let common = zip(source, target).map { $0.clamped(to: $1) }
    guard common.allSatisfy({ !$0.isEmpty }) else { return 0 }
    guard let row = common.last else {
      body(0, 0, 1)
      return 1
    }
    var index = common.map(\.lowerBound)
    var count = 0
    while true {
      body(place(index, source), place(index, target), row.count)
      count += row.count
      var axis = common.count - 2
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < common[axis].upperBound { break }
        index[axis] = common[axis].lowerBound
        axis -= 1
      }
      if axis < 0 { return count }
    }
  }

  private static func place(_ index: [Int], _ box: [Range<Int>]) -> Int {
    var out = 0
    for (i, range) in zip(index, box) { out = out * range.count + i - range.lowerBound }
    return out
  }
}
