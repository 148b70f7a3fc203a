import BNormCore
import BNormTensor
import CBNormKernels

/// Gives a variable a new value.
struct Assign: EagerOperation {
  static let opNames = ["Assign", "AssignVariableOp"]
  private let validatesShape: Bool
  private let isReference: Bool

  init(_ node: NodeContext) throws {
    validatesShape = try node.bool("validate_shape")
    isReference = node.op == "Assign"
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if let declared = inputs[0].handleShape, validatesShape || !isReference,
      declared.merged(inputs[1].shape) == nil
    {
      throw BNormError.invalid(
        "input 1 (value) has shape \(inputs[1].shape), but the variable's shape is \(declared)")
    }
    return isReference ? [.scalar] : []
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let variable = try Variable.of(inputs[0])
    let value = inputs[1]
    guard value.dtype == variable.dtype else {
      throw BNormError.invalid(
        "Trying to assign variable with wrong dtype. Expected \(variable.dtype.name) got "
          + value.dtype.name)
    }
    if validatesShape {
      let expected =
        variable.isInitialized ? PartialShape(try variable.read().shape) : variable.shape
      guard (isReference ? expected : variable.shape).accepts(value.shape) else {
        throw BNormError.invalid(
          "Assign requires shapes of both tensors to match. lhs shape= \(expected) rhs shape= "
            + "\(value.shape)")
      }
    }
    variable.assign(value)
    return isReference ? [inputs[0]] : []
  }
}

/// Adds to a variable, or subtracts from it.
struct AssignUpdate: EagerOperation {
  static let opNames = ["AssignAdd", "AssignSub", "AssignAddVariableOp", "AssignSubVariableOp"]
  private let operation: bnk_scatter_op
  private let isReference: Bool

  init(_ node: NodeContext) throws {
    operation = node.op.hasPrefix("AssignAdd") ? BNK_SCATTER_ADD : BNK_SCATTER_SUB
    isReference = !node.op.hasSuffix("VariableOp")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if let declared = inputs[0].handleShape, declared.merged(inputs[1].shape) == nil {
      throw BNormError.invalid(
        "input 1 (value) has shape \(inputs[1].shape), but the variable's shape is \(declared)")
    }
    return isReference ? [.scalar] : []
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let variable = try Variable.of(inputs[0])
    let value = inputs[1]
    try variable.require(value.dtype)
    try variable.update { target in
      guard target.shape == value.shape else {
        throw BNormError.invalid(
          "Cannot update variable with shape \(target.shape) using a Tensor with shape "
            + "\(value.shape), shapes must be equal.")
      }
      var offset: Int64 = 0
      guard
        bnk_scatter_run(
          target.storage.pointer, value.pointer, &offset, 1, target.count, Int32(target.dtype.rawValue),
          operation, false)
      else { throw BNormError.unsupported("dtype \(target.dtype.name)") }
    }
    return isReference ? [inputs[0]] : []
  }
}

extension Variable {
  func require(_ dtype: DType) throws {
    guard dtype == self.dtype else {
      throw BNormError.invalid(
        "variable \"\(name)\" has dtype \(self.dtype.name), but the op takes \(dtype.name)")
    }
  }
}
