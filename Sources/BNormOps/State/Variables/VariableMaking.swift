import BNormCore
import BNormTensor

/// A variable by its handle. The variable has no value until it is assigned. All handles without a
/// shared name mean the same variable.
struct VarHandle: EagerOperation, HandleOperation {
  static let opNames = ["VarHandleOp"]
  /// What TensorFlow calls a variable that only its handle knows.
  static let anonymous = "cd2c89b7-88b7-44c8-ad83-06c2a9158347"

  private let shape: PartialShape
  private let dtype: DType
  private let container: String
  private let sharedName: String

  init(_ node: NodeContext) throws {
    shape = try node.shape("shape")
    dtype = try node.dtype("dtype")
    container = try node.string("container")
    sharedName = try node.string("shared_name")
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }
  func handleShapes(_ inputs: [Fact]) -> [PartialShape?] { [shape] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    if sharedName == VarHandle.anonymous {
      let variable = Variable(name: context.nodeName, dtype: dtype, shape: shape)
      return [Tensor(scalar: variable, dtype: .resource)]
    }
    let variable = try Variable.shared(
      ResourceName(container: container, name: sharedName), dtype: dtype, shape: shape, context)
    return [Tensor(scalar: variable, dtype: .resource)]
  }
}

/// Several variables by their handles.
struct VarHandles: EagerOperation, HandleOperation {
  static let opNames = ["_VarHandlesOp"]
  private let dtypes: [DType]
  private let shapes: [PartialShape]
  private let names: [ResourceName]

  init(_ node: NodeContext) throws {
    dtypes = try node.dtypes("dtypes")
    shapes = try node.shapes("shapes")
    let containers = try node.strings("containers")
    let shared = try node.strings("shared_names")
    let count = try node.int("N")
    for (name, given) in [
      ("dtypes", dtypes.count), ("shapes", shapes.count), ("containers", containers.count),
      ("shared_names", shared.count),
    ] where given != count {
      throw BNormError.invalid("attribute \(name) has \(given) elements, but N is \(count)")
    }
    names = zip(containers, shared).map { ResourceName(container: $0.string, name: $1.string) }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { names.map { _ in .scalar } }
  func handleShapes(_ inputs: [Fact]) -> [PartialShape?] { shapes }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    try names.indices.map { i in
      let variable = try Variable.shared(names[i], dtype: dtypes[i], shape: shapes[i], context)
      return Tensor(scalar: variable, dtype: .resource)
    }
  }
}

/// A variable by a reference.
struct ReferenceVariable: EagerOperation, HandleOperation {
  static let opNames = ["Variable", "VariableV2"]
  private let shape: PartialShape
  private let shapeAhead: PartialShape
  private let dtype: DType
  private let container: String
  private let sharedName: String

  init(_ node: NodeContext) throws {
    shape = try node.shape("shape")
    // For a Variable a shape of [] may stand for an unknown one until something is assigned.
    shapeAhead = node.op == "Variable" && shape.rank == 0 ? .unknown : shape
    dtype = try node.dtype("dtype")
    container = try node.string("container")
    sharedName = try node.string("shared_name")
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }
  func handleShapes(_ inputs: [Fact]) -> [PartialShape?] { [shapeAhead] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard shape.rank == nil || shape.full != nil else {
      throw BNormError.invalid("attribute shape is \(shape), it must be fully known")
    }
    // An unknown rank reads as none.
    let shape = shape.rank == nil ? PartialShape.scalar : shape
    let variable = try Variable.shared(
      ResourceName(container: container, name: sharedName.isEmpty ? context.nodeName : sharedName),
      dtype: dtype, shape: shape, context)
    // A variable of no elements has nothing to be initialized with.
    if let empty = shape.full, empty.count == 0, !variable.isInitialized {
      variable.assign(Tensor(zeros: dtype, shape: empty))
    }
    return [Tensor(scalar: variable, dtype: .resource)]
  }
}

extension Variable {
  /// The session's variable of this name.
  static func shared(
    _ name: ResourceName, dtype: DType, shape: PartialShape, _ context: RunContext
  ) throws -> Variable {
    let variable = try context.session.object(name) {
      Variable(name: name.description, dtype: dtype, shape: shape)
    }
    guard variable.dtype == dtype else {
      throw BNormError.invalid(
        "variable \"\(name)\" has dtype \(variable.dtype.name), but the node says \(dtype.name)")
    }
    return variable
  }
}

/// A variable that lives until its value is taken or the step ends.
struct TemporaryVariable: EagerOperation {
  static let opNames = ["TemporaryVariable"]
  struct Key: Hashable { let name: String }

  private let shape: PartialShape
  private let dtype: DType
  private let name: String

  init(_ node: NodeContext) throws {
    shape = try node.shape("shape")
    dtype = try node.dtype("dtype")
    let given = try node.string("var_name")
    name = given.isEmpty ? node.name : given
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard let full = shape.full else {
      throw BNormError.invalid("attribute shape is \(shape), which is not fully known")
    }
    guard context.step.find(Key(name: name), of: Variable.self) == nil else {
      throw BNormError.invalid("the temporary variable \"\(name)\" exists already")
    }
    let variable = Variable(name: name, dtype: dtype, shape: shape)
    variable.assign(Tensor(zeros: dtype, shape: try full.fitting(dtype)))
    context.step.set(Key(name: name), variable)
    return [Tensor(scalar: variable, dtype: .resource)]
  }
}

/// The value of a temporary variable, which is gone afterwards.
struct DestroyTemporaryVariable: EagerOperation {
  static let opNames = ["DestroyTemporaryVariable"]
  private let name: String

  init(_ node: NodeContext) throws { name = try node.string("var_name") }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let key = TemporaryVariable.Key(name: name)
    guard context.step.find(key, of: Variable.self) != nil else {
      throw BNormError.invalid("there is no temporary variable \"\(name)\"")
    }
    let value = try Variable.of(inputs[0]).read()
    context.step.set(key, nil)
    return [value]
  }
}
