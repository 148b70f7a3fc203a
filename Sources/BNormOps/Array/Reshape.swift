import BNormCore
import BNormTensor

/// The same elements under the shape that input 1 gives; one dimension may be -1.
struct Reshape: AliasOperation {
  static let opNames = ["Reshape"]
  init(_ node: NodeContext) throws {}

  var movesElements: Bool { true }
  var valueInputs: [Int] { [1] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[1].shape.requireRank(1, "input 1 (shape)")
    guard let dimensions = inputs[1].integers else {
      return [.unknown(rank: inputs[1].shape[0])]
    }
    guard let wildcard = dimensions.firstIndex(of: -1) else {
      let shape = try Shape(checking: dimensions)
      if let given = inputs[0].shape.full, given.count != shape.count { throw mismatch(given, shape) }
      return [PartialShape(shape)]
    }
    guard dimensions.lastIndex(of: -1) == wildcard else {
      throw BNormError.invalid("input 1 (shape) has more than one -1: \(dimensions)")
    }
    var others = dimensions
    others[wildcard] = 1
    let known = try Shape(checking: others)
    guard let given = inputs[0].shape.full else { return [PartialShape(dimensions)] }
    guard known.count > 0 else {
      guard given.count == 0 else { throw mismatch(given, known) }
      throw BNormError.invalid("the -1 in shape \(dimensions) is not determined for 0 elements")
    }
    guard given.count % known.count == 0 else { throw mismatch(given, known) }
    others[wildcard] = given.count / known.count
    return [PartialShape(try Shape(checking: others))]
  }

  private func mismatch(_ given: Shape, _ wanted: Shape) -> BNormError {
    .invalid(
      "input 0 has shape \(given) with \(given.count) elements, which do not fill shape \(wanted)")
  }

  func lower(_ context: Lowering) -> Kernel { .alias(input: 0) }
}

extension PartialShape {
  /// A shape of unknown dimensions, of a rank that may itself be unknown.
  static func unknown(rank: Int?) -> PartialShape {
    rank.map { PartialShape.unknown(rank: $0) } ?? .unknown
  }
}
