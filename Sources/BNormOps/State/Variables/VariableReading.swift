import BNormCore
import BNormTensor

/// The value of a variable.
struct ReadVariable: EagerOperation {
  static let opNames = ["ReadVariableOp"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("dtype") }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    inputs[0].handleShape?.full.map { [PartialShape($0)] }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    [try Variable.value(of: inputs[0], dtype)]
  }
}

/// The values of several variables.
struct ReadVariables: EagerOperation {
  static let opNames = ["_ReadVariablesOp"]
  private let dtypes: [DType]

  init(_ node: NodeContext) throws { dtypes = try node.dtypes("dtypes") }

  func infer(_ inputs: [Fact]) -> [PartialShape]? {
    inputs.map { $0.handleShape?.full.map(PartialShape.init) ?? .unknown }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard inputs.count == dtypes.count else {
      throw BNormError.invalid("there are \(inputs.count) inputs, but \(dtypes.count) dtypes")
    }
    return try zip(inputs, dtypes).map { try Variable.value(of: $0, $1) }
  }
}

extension Variable {
  /// The value of the variable that `tensor` refers to, which plans take to have its full declared
  /// shape.
  static func value(of tensor: Tensor, _ dtype: DType) throws -> Tensor {
    let variable = try Variable.of(tensor)
    guard variable.dtype == dtype else {
      throw BNormError.invalid(
        "Trying to read variable with wrong dtype. Expected \(variable.dtype.name) got \(dtype.name)")
    }
    let value = try variable.read()
    guard variable.shape.accepts(value.shape) else {
      throw BNormError.invalid(
        "variable \"\(variable.name)\" has shape \(value.shape), but it is declared with "
          + "\(variable.shape)")
    }
    return value
  }
}

/// Whether a variable was assigned.
struct IsInitialized: EagerOperation {
  static let opNames = ["VarIsInitializedOp", "IsVariableInitialized"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    [Tensor(scalar: try Variable.of(inputs[0]).isInitialized)]
  }
}

/// The shape of a variable's value.
struct VariableShape: EagerOperation {
  static let opNames = ["VariableShape"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("out_type") }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.vector(inputs[0].handleShape?.rank)] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    [PartialShape(try Variable.of(inputs[0]).read().shape).tensor(dtype)]
  }
}

/// Takes a resource's value away.
struct DestroyResource: EagerOperation {
  static let opNames = ["DestroyResourceOp"]
  private let ignoresMissing: Bool

  init(_ node: NodeContext) throws { ignoresMissing = try node.bool("ignore_lookup_error") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard let variable = inputs[0].objects.first as? Variable else { return [] }
    guard variable.isInitialized || ignoresMissing else {
      throw BNormError.invalid("Resource \(variable.name) does not exist.")
    }
    variable.assign(nil)
    return []
  }
}

/// Counts a variable up and gives its old value.
struct CountUpTo: EagerOperation {
  static let opNames = ["CountUpTo", "ResourceCountUpTo"]
  private let limit: Int

  init(_ node: NodeContext) throws { limit = try node.int("limit") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let variable = try Variable.of(inputs[0])
    guard variable.dtype == context.outputDTypes[0] else {
      throw BNormError.invalid(
        "variable \"\(variable.name)\" has dtype \(variable.dtype.name), expected "
          + context.outputDTypes[0].name)
    }
    return [
      try variable.update { value in
        guard value.rank == 0, let now = value.integers?.first else {
          throw BNormError.invalid(
            "variable \"\(variable.name)\" has shape \(value.shape), expected a scalar")
        }
        guard now < limit else { throw BNormError.outOfRange("Reached limit of \(limit)") }
        let old = value.copy()
        if value.dtype == .int32 {
          value.mutableElements(Int32.self)[0] &+= 1
        } else {
          value.mutableElements(Int64.self)[0] &+= 1
        }
        return old
      }
    ]
  }
}

/// One of several references.
struct RefSelect: EagerOperation {
  static let opNames = ["RefSelect"]
  init(_ node: NodeContext) throws {}

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let index = try inputs.scalarInteger(0, "index")
    guard index >= 0, index < inputs.count - 1 else {
      throw BNormError.invalid("Index must be in the range [0, \(inputs.count - 1)) but got \(index)")
    }
    return [inputs[index + 1]]
  }
}

/// Nothing: reads never copy a variable that nobody changes.
struct DisableCopyOnRead: EagerOperation {
  static let opNames = ["DisableCopyOnRead"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [] }
  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try Variable.of(inputs[0]).read()
    return []
  }
}
