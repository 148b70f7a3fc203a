extension PartialShape {
  /// The shape of two operands that broadcast against each other, as far as it is known; nil if
  /// they do not fit.
  public func broadcast(_ other: PartialShape) -> PartialShape? {
    guard let a = dimensions, let b = other.dimensions else { return .unknown }
    var out = [Int](repeating: 1, count: max(a.count, b.count))
    for i in out.indices {
      let x = i < out.count - a.count ? 1 : a[i - (out.count - a.count)]
      let y = i < out.count - b.count ? 1 : b[i - (out.count - b.count)]
      switch (x, y) {
      case (1, _): out[i] = y
      case (_, 1): out[i] = x
      case (-1, _): out[i] = y
      case (_, -1): out[i] = x
      default:
        guard x == y else { return nil }
        out[i] = x
      }
    }
    return PartialShape(out)
  }
}

extension Shape {
  /// The shape of two operands that broadcast against each other, or nil if they do not fit.
  public func broadcast(_ other: Shape) -> Shape? {
    PartialShape(self).broadcast(PartialShape(other))?.full
  }
}
