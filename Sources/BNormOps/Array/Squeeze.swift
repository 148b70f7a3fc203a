import BNormCore
import BNormTensor

/// Drops dimensions of 1: the listed ones, or all.
struct Squeeze: AliasOperation {
  static let opNames = ["Squeeze"]
  let axes: [Int]

  init(_ node: NodeContext) throws { axes = try node.ints("squeeze_dims") }

  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard let dims = inputs[0].shape.dimensions else { return [.unknown] }
    if axes.isEmpty {
      guard !dims.contains(-1) else { return [.unknown] }
      return [PartialShape(dims.filter { $0 != 1 })]
    }
    var dropped = Set<Int>()
    for axis in axes {
      let i = try checkedAxis(axis, rank: dims.count, "attribute squeeze_dims")
      guard dims[i] == 1 || dims[i] < 0 else {
        throw BNormError.invalid(
          "cannot squeeze dimension \(i) of shape \(inputs[0].shape): it is \(dims[i]), expected 1")
      }
      dropped.insert(i)
    }
    return [PartialShape(dims.indices.filter { !dropped.contains($0) }.map { dims[$0] })]
  }

  func lower(_ context: Lowering) -> Kernel { .alias(input: 0) }
}

/// Adds a dimension of 1 at the place that input 1 names.
struct ExpandDims: AliasOperation {
  static let opNames = ["ExpandDims"]
  init(_ node: NodeContext) throws {}

  var movesElements: Bool { true }
  var valueInputs: [Int] { [1] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if let full = inputs[1].shape.full, full.count != 1 {
      throw BNormError.invalid("input 1 (dim) has shape \(full), expected one element")
    }
    guard var dims = inputs[0].shape.dimensions else { return [.unknown] }
    guard let axis = inputs[1].integer else { return [.unknown(rank: dims.count + 1)] }
    dims.insert(1, at: try checkedAxis(axis, rank: dims.count + 1, "input 1 (dim)"))
    return [PartialShape(dims)]
  }

  func lower(_ context: Lowering) -> Kernel { .alias(input: 0) }
}

/// The input, whose shape must fit the declared one.
struct EnsureShape: AliasOperation {
  static let opNames = ["EnsureShape"]
  let shape: PartialShape

  init(_ node: NodeContext) throws { shape = try node.shape("shape") }

  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard let both = inputs[0].shape.merged(shape) else {
      throw BNormError.invalid("input 0 has shape \(inputs[0].shape), expected \(shape)")
    }
    return [both]
  }

  func lower(_ context: Lowering) -> Kernel { .alias(input: 0) }
}
