import BNormTensor

extension Shape {
  /// For each element of `batch`, which this shape broadcasts to, the index of the element here.
  func indices(in batch: Shape) -> [Int] {
    let own = strides
    let steps = (0..<batch.rank).map { i in
      let k = i - (batch.rank - rank)
      return k < 0 || self[k] == 1 ? 0 : own[k]
    }
    return (0..<batch.count).map { index in
      var rest = index
      var out = 0
      for d in stride(from: batch.rank - 1, through: 0, by: -1) {
        out += rest % batch[d] * steps[d]
        rest /= batch[d]
      }
      return out
    }
  }
}
