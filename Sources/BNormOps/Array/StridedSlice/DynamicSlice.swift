import BNormCore
import BNormTensor
import CBNormKernels

/// A box of a tensor, or the tensor with another box: what Keras makes of `slice_update`. A box that
/// would reach over an edge is moved inside.
struct DynamicSlice: PlannedOperation {
  static let opNames = ["XlaDynamicSlice", "XlaDynamicUpdateSlice"]
  private let updates: Bool

  init(_ node: NodeContext) throws { updates = node.op == "XlaDynamicUpdateSlice" }

  /// The input with the box's first corner.
  private var corner: Int { updates ? 2 : 1 }
  var valueInputs: [Int] { updates ? [2] : [1, 2] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if let start = inputs[corner].shape.dimensions, start.count != 1 {
      throw BNormError.invalid(
        "input \(corner) has shape \(inputs[corner].shape), expected a vector")
    }
    guard updates else {
      guard let size = inputs[2].integers else { return nil }
      if let shape = inputs[0].shape.full { try check(size, inputs[1].integers, in: shape) }
      return [PartialShape(size)]
    }
    if let shape = inputs[0].shape.full, let size = inputs[1].shape.full {
      try check(size.dimensions, inputs[2].integers, in: shape)
    }
    return [inputs[0].shape]
  }

  private func check(_ size: [Int], _ start: [Int]?, in shape: Shape) throws {
    guard size.count == shape.rank, zip(size, shape.dimensions).allSatisfy({ 0...$1 ~= $0 }) else {
      throw BNormError.invalid(
        "a box of shape \(Shape.text(size)) does not fit into input 0 of shape \(shape)")
    }
    guard start.map({ $0.count == shape.rank }) ?? true else {
      throw BNormError.invalid(
        "input \(corner) has \(start!.count) elements, but input 0 has shape \(shape)")
    }
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let bytes = context.inputDType(0).size
    let size = updates ? context.inputShape(1).dimensions : try context.integers(2)
    let start = try context.integers(corner)
    try check(size, start, in: shape)
    let first = zip(zip(start, size), shape.dimensions).map { pair, whole in
      min(max(pair.0, 0), whole - pair.1)
    }
    let strides = shape.strides
    let offset = zip(first, strides).map(*).reduce(0, +)
    let box = StridedView(offset: offset, strides)
    let dense = StridedView(Shape(size).strides)
    let copy = try StridedCopy(
      size: bytes, size, from: updates ? dense : box, to: updates ? box : dense)
    guard updates else { return .run { io in copy.run(io.input(0), io.output(0)) } }
    let total = shape.count * bytes
    return .run(inPlace: [InPlace(input: 0, output: 0)]) { io in
      if io.input(0) != UnsafeRawPointer(io.output(0)) {
        bnk_copy_bytes(io.output(0), io.input(0), total)
      }
      copy.run(io.input(1), io.output(0))
    }
  }
}
