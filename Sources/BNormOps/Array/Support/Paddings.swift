import BNormCore
import BNormTensor

/// How many elements are added (or cropped) before and after each dimension.
struct Paddings {
  let before: [Int]
  let after: [Int]

  /// Reads the n x 2 elements of a constant.
  init(_ integers: [Int], _ what: String) throws {
    guard integers.count % 2 == 0, integers.allSatisfy({ $0 >= 0 && $0 <= Shape.maximumCount }) else {
      throw BNormError.invalid("\(what) holds \(integers), expected pairs of sizes")
    }
    before = stride(from: 0, to: integers.count, by: 2).map { integers[$0] }
    after = stride(from: 1, to: integers.count, by: 2).map { integers[$0] }
  }

  /// What a tensor of `dims` becomes with the paddings around it.
  func around(_ dims: [Int]) throws -> PartialShape {
    let out = dims.indices.map { dims[$0] < 0 ? -1 : dims[$0] + before[$0] + after[$0] }
    return out.contains(-1) ? PartialShape(out) : PartialShape(try Shape(checking: out))
  }

  /// Requires the shape [rank, 2] of a paddings input and returns the rank if it is known.
  static func rank(of fact: Fact, for value: Fact, _ what: String) throws -> Int? {
    try fact.shape.requireRank(2, what)
    if let columns = fact.shape.dimensions?[1], columns >= 0, columns != 2 {
      throw BNormError.invalid("\(what) has shape \(fact.shape), expected [n,2]")
    }
    if let rank = value.shape.rank, let rows = fact.shape[0], rows != rank {
      throw BNormError.invalid(
        "\(what) has shape \(fact.shape), but input 0 has shape \(value.shape) with rank \(rank)")
    }
    return value.shape.rank ?? fact.shape[0]
  }
}
