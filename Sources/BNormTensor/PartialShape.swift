/// A shape as far as it is known before a run: the rank or single dimensions may be unknown.
public struct PartialShape: Hashable, Sendable, CustomStringConvertible {
  /// nil when even the rank is unknown; a dimension of -1 is unknown.
  public let dimensions: [Int]?

  public init(_ dimensions: [Int]?) { self.dimensions = dimensions }
  public init(_ shape: Shape) { dimensions = shape.dimensions }

  public static let unknown = PartialShape(nil)
  public static let scalar = PartialShape([])
  /// `rank` unknown dimensions.
  public static func unknown(rank: Int) -> PartialShape {
    PartialShape([Int](repeating: -1, count: rank))
  }
  public static func vector(_ count: Int?) -> PartialShape { PartialShape([count ?? -1]) }

  public var rank: Int? { dimensions?.count }
  /// The shape, when every dimension is known and the size is sane.
  public var full: Shape? {
    guard let d = dimensions, d.allSatisfy({ $0 >= 0 }) else { return nil }
    return try? Shape(checking: d)
  }
  /// Dimension `i`, if the rank covers it and it is known.
  public subscript(_ i: Int) -> Int? {
    guard let d = dimensions, i < d.count, d[i] >= 0 else { return nil }
    return d[i]
  }

  /// A tensor of `shape` may stand where this is declared.
  public func accepts(_ shape: Shape) -> Bool {
    guard let d = dimensions else { return true }
    return d.count == shape.rank && zip(d, shape.dimensions).allSatisfy { $0 < 0 || $0 == $1 }
  }

  /// The two facts together, or nil if they contradict each other.
  public func merged(_ other: PartialShape) -> PartialShape? {
    guard let a = dimensions else { return other }
    guard let b = other.dimensions else { return self }
    guard a.count == b.count else { return nil }
    var out = a
    for i in 0..<a.count where b[i] >= 0 {
      if a[i] >= 0, a[i] != b[i] { return nil }
      out[i] = b[i]
    }
    return PartialShape(out)
  }

  /// Throws unless the rank is unknown or `rank`.
  public func requireRank(_ rank: Int, _ what: String) throws {
    if let r = self.rank, r != rank {
      throw BNormError.invalid("\(what) has shape \(self), expected rank \(rank)")
    }
  }
  public func requireRank(atLeast rank: Int, _ what: String) throws {
    if let r = self.rank, r < rank {
      throw BNormError.invalid("\(what) has shape \(self), expected at least rank \(rank)")
    }
  }

  public var description: String {
    guard let d = dimensions else { return "<unknown>" }
    return Shape.describe(d)
  }
}
