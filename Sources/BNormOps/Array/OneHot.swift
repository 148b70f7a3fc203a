import BNormCore
import BNormTensor
import CBNormKernels

/// `on_value` where the new dimension's index is the index of input 0, else `off_value`.
struct OneHot: PlannedOperation {
  static let opNames = ["OneHot"]
  private let axis: Int

  init(_ node: NodeContext) throws { axis = try node.int("axis") }

  var valueInputs: [Int] { [1] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard axis >= -1 else { throw BNormError.invalid("attribute axis is \(axis), at least -1 is required") }
    for (i, name) in [(1, "depth"), (2, "on_value"), (3, "off_value")] {
      try inputs[i].requireScalar("input \(i) (\(name))")
    }
    let depth = inputs[1].integer
    if let depth, depth < 0 { throw BNormError.invalid("input 1 (depth) is \(depth), it is negative") }
    guard var dims = inputs[0].shape.dimensions else { return [.unknown] }
    guard axis <= dims.count else {
      throw BNormError.invalid("attribute axis is \(axis), but input 0 has shape \(inputs[0].shape)")
    }
    dims.insert(depth ?? -1, at: axis == -1 ? dims.count : axis)
    return [dims.contains(-1) ? PartialShape(dims) : PartialShape(try Shape(checking: dims))]
  }

  func lower(_ context: Lowering) -> Kernel {
    let shape = context.inputShape(0)
    let at = axis == -1 ? shape.rank : axis
    let outer = shape.product(0..<at)
    let inner = shape.product(at..<shape.rank)
    let depth = context.outputShape(0)[at]
    let size = context.outputDType(0).size
    let indexType = Int32(context.inputDType(0).rawValue)
    return .run { io in
      bnk_one_hot(
        io.output(0), io.input(0), indexType, outer, depth, inner, io.input(2), io.input(3), size)
    }
  }
}
