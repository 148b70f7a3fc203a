/// The dimensions of a tensor, all known and none negative.
public struct Shape: Hashable, Sendable, CustomStringConvertible, ExpressibleByArrayLiteral {
  public let dimensions: [Int]
  /// The product of the dimensions; 1 for a scalar.
  public let count: Int

  /// Dimensions that are known to be non-negative and to multiply without overflow: those of an
  /// existing tensor. Sizes from a file or a tensor go through `init(checking:)`.
  public init(_ dimensions: [Int]) {
    self.dimensions = dimensions
    count = dimensions.reduce(1, *)
  }
  public init(arrayLiteral elements: Int...) { self.init(elements) }

  public static let scalar = Shape([])
  /// The largest number of bytes that a tensor may have (2^47: what an address space holds).
  public static let maximumCount = 1 << 47
  public static let maximumRank = 254

  /// Checks that no dimension is negative and that the element count stays below `maximumCount`.
  public init(checking dimensions: [Int]) throws {
    guard dimensions.count <= Shape.maximumRank else {
      throw BNormError.invalid("shape has \(dimensions.count) dimensions, at most 254 are allowed")
    }
    var count = 1
    var empty = false
    for d in dimensions {
      guard d >= 0 else {
        let all = dimensions.map(String.init).joined(separator: ",")
        throw BNormError.invalid("shape [\(all)] has a negative dimension")
      }
      if d == 0 { empty = true; continue }
      let (product, overflow) = count.multipliedReportingOverflow(by: d)
      guard !overflow, product <= Shape.maximumCount else {
        throw BNormError.invalid("shape \(Shape.describe(dimensions)) has too many elements")
      }
      count = product
    }
    self.dimensions = dimensions
    self.count = empty ? 0 : count
  }

  public var rank: Int { dimensions.count }
  public subscript(_ i: Int) -> Int { dimensions[i] }

  /// `axis` in [-rank, rank) as an index in [0, rank).
  public func axis(_ axis: Int, rank: Int? = nil, name: String = "axis") throws -> Int {
    let r = rank ?? self.rank
    guard axis >= -r, axis < r else {
      throw BNormError.invalid("\(name) \(axis) is out of range [\(-r), \(r)) for shape \(self)")
    }
    return axis < 0 ? axis + r : axis
  }

  /// The product of `dimensions[range]`; never overflows, since a dimension 0 outside the range
  /// leaves at most `maximumCount`.
  public func product(_ range: Range<Int>) -> Int { dimensions[range].reduce(1, &*) }

  /// Row-major strides in elements.
  public var strides: [Int] {
    var out = [Int](repeating: 1, count: rank)
    var s = 1
    for i in stride(from: rank - 1, through: 0, by: -1) {
      out[i] = s
      s &*= dimensions[i]
    }
    return out
  }

  public var description: String { Shape.describe(dimensions) }

  static func describe(_ dimensions: [Int]) -> String {
    "[" + dimensions.map { $0 < 0 ? "?" : String($0) }.joined(separator: ",") + "]"
  }

  public static func == (a: Shape, b: Shape) -> Bool { a.dimensions == b.dimensions }
  public func hash(into hasher: inout Hasher) { hasher.combine(dimensions) }
}
