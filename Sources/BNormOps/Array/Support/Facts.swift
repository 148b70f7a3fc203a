import BNormTensor
import BNormCore

extension Fact {
  /// A constant integer of one element.
  var integer: Int? {
    guard let value, value.count == 1 else { return nil }
    return integers?.first
  }

  /// The shape that a constant vector describes; -1 means unknown.
  var asShape: PartialShape? { integers.map { PartialShape($0.map { $0 < 0 ? -1 : $0 }) } }

  /// Throws unless the shape may be that of a scalar.
  func requireScalar(_ what: String) throws { try shape.requireRank(0, what) }

  func requireVector(_ what: String) throws { try shape.requireRank(1, what) }
}

extension Lowering {
  /// The elements of constant input `i`, which is one of `valueInputs`.
  func integers(_ i: Int) throws -> [Int] {
    guard let integers = inputs[i].integers else {
      throw BNormError.invalid("input \(i) holds no integers that fit")
    }
    return integers
  }
}

/// `axis` in [-rank, rank) as an index in [0, rank).
func checkedAxis(_ axis: Int, rank: Int, _ what: String) throws -> Int {
  guard axis >= -rank, axis < rank else {
    throw BNormError.invalid("\(what) is \(axis), expected a value in [\(-rank), \(rank))")
  }
  return axis < 0 ? axis + rank : axis
}

/// Requires that all shapes agree and returns what is known of them together.
func mergedShapes(_ facts: [Fact], first: Int = 0) throws -> PartialShape {
  var merged = facts.first?.shape ?? .unknown
  for (i, fact) in facts.enumerated().dropFirst() {
    guard let both = merged.merged(fact.shape) else {
      throw BNormError.invalid(
        "input \(first + i) has shape \(fact.shape), but the inputs before it have shape \(merged)")
    }
    merged = both
  }
  return merged
}

/// The product of dimensions, any of which may be unknown.
func knownProduct(_ dimensions: some Sequence<Int>) -> Int? {
  var product = 1
  for d in dimensions {
    guard d >= 0 else { return nil }
    let (next, overflow) = product.multipliedReportingOverflow(by: d)
    guard !overflow else { return nil }
    product = next
  }
  return product
}
