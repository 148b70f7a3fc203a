import BNormCore
import BNormTensor

/// Stacks tensors of one shape along a new dimension.
struct Pack: PlannedOperation {
  static let opNames = ["Pack"]
  let axis: Int

  init(_ node: NodeContext) throws { axis = try node.int("axis") }

  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard var dims = try mergedShapes(inputs).dimensions else { return [.unknown] }
    let at = try checkedAxis(axis, rank: dims.count + 1, "attribute axis")
    dims.insert(inputs.count, at: at)
    return [PartialShape(dims)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.outputShape(0)
    let at = try checkedAxis(axis, rank: shape.rank, "attribute axis")
    return try JoinKernel.concat(
      context.inputs.indices.map { ($0, 1) }, outer: shape.product(0..<at),
      inner: shape.product(at + 1..<shape.rank), size: context.outputDType(0).size)
  }
}

/// Takes a tensor apart along a dimension, which the outputs lack.
struct Unpack: PlannedOperation {
  static let opNames = ["Unpack"]
  let axis: Int
  let count: Int

  init(_ node: NodeContext) throws {
    axis = try node.int("axis")
    count = try node.int("num")
  }

  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard var dims = inputs[0].shape.dimensions else {
      return Array(repeating: .unknown, count: count)
    }
    try inputs[0].shape.requireRank(atLeast: 1, "input 0")
    let at = try checkedAxis(axis, rank: dims.count, "attribute axis")
    guard dims[at] == count || dims[at] < 0 else {
      throw BNormError.invalid(
        "input 0 has shape \(inputs[0].shape): dimension \(at) is \(dims[at]), but attribute num is "
          + "\(count)")
    }
    dims.remove(at: at)
    return Array(repeating: PartialShape(dims), count: count)
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let at = try checkedAxis(axis, rank: shape.rank, "attribute axis")
    return try JoinKernel.split(
      input: 0, parts: Array(repeating: 1, count: count), outer: shape.product(0..<at),
      inner: shape.product(at + 1..<shape.rank), size: context.inputDType(0).size)
  }
}
