import BNormCore
import BNormTensor

/// The number of different elements of each set in the last dimension of a sparse tensor.
struct SetSize: EagerOperation {
  static let opNames = ["SetSize"]
  private let validates: Bool

  init(_ node: NodeContext) throws { validates = try node.bool("validate_indices") }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let dimensions = try sparseSetShape(inputs, first: 0)
    let groups = try GroupSet.sparse(
      inputs[0], SetElements([inputs[1]]).keys[0], shape: dimensions, first: 0,
      validates: validates)
    let shape = try Shape(checking: dimensions.dropLast())
    try MemoryLimit.check(.int32, shape)
    let out = Tensor(zeros: .int32, shape: shape)
    let sizes = out.mutableElements(Int32.self)
    let strides = shape.strides
    for group in groups {
      let place = zip(group.place, strides).reduce(0) { $0 + $1.0 * $1.1 }
      sizes[place] = Int32(truncatingIfNeeded: group.elements.count)
    }
    return [out]
  }
}
