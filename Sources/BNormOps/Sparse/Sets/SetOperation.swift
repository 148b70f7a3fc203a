import BNormCore
import BNormTensor

/// Difference, intersection or union of the sets in the last dimension of two tensors, each dense
/// or sparse; the result is sparse, each set in rising order.
struct SetOperation: EagerOperation {
  static let opNames = [
    "DenseToDenseSetOperation", "DenseToSparseSetOperation", "SparseToSparseSetOperation",
  ]
  private enum Kind: Sendable { case difference, reversedDifference, intersection, union }
  private let kind: Kind
  private let validates: Bool
  private let isSparse: [Bool]

  init(_ node: NodeContext) throws {
    switch try node.string("set_operation").lowercased() {
    case "a-b": kind = .difference
    case "b-a": kind = .reversedDifference
    case "intersection": kind = .intersection
    case "union": kind = .union
    case let other:
      throw BNormError.invalid(
        "attribute set_operation is \(other), expected a-b, b-a, intersection or union")
    }
    validates = try node.bool("validate_indices")
    isSparse = [node.op.hasPrefix("Sparse"), node.op.contains("ToSparse")]
  }

  private var firsts: [Int] { [0, isSparse[0] ? 3 : 1] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    var ranks: [Int?] = []
    for (sparse, first) in zip(isSparse, firsts) {
      let rank = sparse ? try inferSparseSet(inputs, first: first) : inputs[first].shape.rank
      if let rank, rank < 2 {
        throw BNormError.invalid("input \(first) has rank \(rank), expected at least 2")
      }
      ranks.append(rank)
    }
    if let a = ranks[0], let b = ranks[1], a != b {
      throw BNormError.invalid("the first set has rank \(a), but the second has rank \(b)")
    }
    if !isSparse[1], let a = inputs[0].shape.dimensions, let b = inputs[1].shape.dimensions,
      PartialShape(a.dropLast()).merged(PartialShape(b.dropLast())) == nil
    {
      throw mismatch(inputs[0].shape.description, inputs[1].shape.description)
    }
    let rank = ranks[0] ?? ranks[1] ?? -1
    return [PartialShape([-1, rank]), .vector(nil), PartialShape([rank])]
  }

  private func mismatch(_ a: String, _ b: String) -> BNormError {
    .invalid(
      "the first set has shape \(a), but the second has \(b): they differ before the last "
        + "dimension")
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let elements = SetElements(zip(isSparse, firsts).map { inputs[$1 + ($0 ? 1 : 0)] })
    var shapes: [[Int]] = []
    var sides: [[GroupSet]] = []
    for (side, first) in firsts.enumerated() {
      if isSparse[side] {
        let shape = try sparseSetShape(inputs, first: first)
        shapes.append(shape)
        sides.append(
          try GroupSet.sparse(
            inputs[first], elements.keys[side], shape: shape, first: first, validates: validates))
      } else {
        let shape = inputs[first].shape
        guard shape.rank >= 2 else {
          throw BNormError.invalid("input \(first) has shape \(shape), expected at least rank 2")
        }
        shapes.append(shape.dimensions)
        sides.append(GroupSet.dense(elements.keys[side], shape: shape))
      }
    }
    guard shapes[0].dropLast() == shapes[1].dropLast() else {
      throw mismatch("\(shapes[0])", "\(shapes[1])")
    }
    let sets = combine(sides[0], sides[1]).filter { !$0.elements.isEmpty }
    let rank = shapes[0].count
    var indices: [Int64] = []
    for set in sets {
      for i in set.elements.indices {
        indices += set.place.map { Int64($0) }
        indices.append(Int64(i))
      }
    }
    let longest = sets.map(\.elements.count).max() ?? 0
    let values = elements.tensor(sets.flatMap(\.elements))
    return [
      Tensor(indices, shape: [values.count, rank]), values,
      Tensor((shapes[0].dropLast() + [longest]).map { Int64($0) }),
    ]
  }

  /// Goes through the groups of both sides in step; a group that one side lacks is empty there.
  private func combine(_ a: [GroupSet], _ b: [GroupSet]) -> [GroupSet] {
    var out: [GroupSet] = []
    var (i, j) = (0, 0)
    // A dense side has all groups: what the other has beyond them, by unordered indices, is left
    // out.
    let last = isSparse[0] ? b.count : 0
    while i < a.count || j < last {
      let takesA: Bool
      let takesB: Bool
      if !isSparse[0] {
        (takesA, takesB) = (true, j < b.count && a[i].place == b[j].place)
      } else if i < a.count, j < b.count {
        takesA = !b[j].place.lexicographicallyPrecedes(a[i].place)
        takesB = !a[i].place.lexicographicallyPrecedes(b[j].place)
      } else {
        (takesA, takesB) = (i < a.count, j < b.count)
      }
      let place = takesA ? a[i].place : b[j].place
      out.append(
        GroupSet(
          place: place, apply(takesA ? a[i].elements : [], takesB ? b[j].elements : [])))
      if takesA { i += 1 }
      if takesB { j += 1 }
    }
    return out
  }

  private func apply(_ a: [Int], _ b: [Int]) -> [Int] {
    switch kind {
    case .difference: a.filter(Set(b).complement)
    case .reversedDifference: b.filter(Set(a).complement)
    case .intersection: a.filter(Set(b).contains)
    case .union: a + b
    }
  }
}

extension Set<Int> {
  fileprivate func complement(_ x: Int) -> Bool { !contains(x) }
}
