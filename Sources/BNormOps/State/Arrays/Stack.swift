import BNormCore
import BNormTensor

/// Tensors that a step pushes and pops; what loops keep for their gradients.
final class TensorStack: StringNamed, @unchecked Sendable {
  static let kind = "_stacks"
  let name: String
  let dtype: DType
  private let maximumCount: Int
  private let lock = Lock()
  private var tensors: [Tensor] = []
  private var isClosed = false

  init(name: String, dtype: DType, maximumCount: Int) {
    self.name = name
    self.dtype = dtype
    self.maximumCount = maximumCount
  }

  var typeName: String { "Stack" }
  var nameTensor: Tensor { ObjectName(kind: TensorStack.kind, name: name).tensor }

  private func checkOpen() throws {
    guard !isClosed else { throw BNormError.invalid("Stack[\(name)] has already been closed.") }
  }

  func push(_ tensor: Tensor) throws {
    guard tensor.dtype == dtype else {
      throw BNormError.invalid("Must have type \(dtype.name) but got \(tensor.dtype.name)")
    }
    try lock.withLock {
      try checkOpen()
      guard maximumCount < 0 || tensors.count < maximumCount else {
        throw BNormError.invalid("Stack[\(name)] overflowed its max_size (\(maximumCount))")
      }
      tensors.append(tensor.owned)
    }
  }

  func pop(_ dtype: DType) throws -> Tensor {
    guard dtype == self.dtype else {
      throw BNormError.invalid("Must have type \(self.dtype.name) but got \(dtype.name)")
    }
    return try lock.withLock {
      try checkOpen()
      guard let last = tensors.popLast() else {
        throw BNormError.invalid("Stack[\(name)] is empty when calling Pop().")
      }
      return last
    }
  }

  func close() {
    lock.withLock {
      isClosed = true
      tensors = []
    }
  }
}

/// A new stack.
struct StackMaking: EagerOperation {
  static let opNames = ["Stack", "StackV2"]
  private let dtype: DType
  private let name: String
  private let hasSize: Bool

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("elem_type")
    let given = try node.string("stack_name")
    name = given.isEmpty ? node.name : given
    hasSize = node.op == "StackV2"
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let maximum = hasSize ? try inputs.scalarInteger(0, "max_size") : -1
    let stack = TensorStack(
      name: name + "_\(context.step.nextNumber())", dtype: dtype, maximumCount: maximum)
    if !hasSize { context.step.set(ObjectName(kind: TensorStack.kind, name: stack.name), stack) }
    return [Tensor(scalar: stack, dtype: .resource)]
  }
}

/// Pushes a tensor, and passes it on.
struct StackPush: EagerOperation {
  static let opNames = ["StackPush", "StackPushV2"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[1].shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    try inputs.tensorStack(context).push(inputs[1])
    return [inputs[1]]
  }
}

/// Takes the tensor that was pushed last.
struct StackPop: EagerOperation {
  static let opNames = ["StackPop", "StackPopV2"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("elem_type") }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    [try inputs.tensorStack(context).pop(dtype)]
  }
}

/// Lets go of a stack's tensors.
struct StackClose: EagerOperation {
  static let opNames = ["StackClose", "StackCloseV2"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    try inputs.tensorStack(context).close()
    return []
  }
}

extension Array where Element == Tensor {
  func tensorStack(_ context: RunContext) throws -> TensorStack {
    try self[0].handled(TensorStack.self, in: [context.step], "input 0 (handle)")
  }
}
