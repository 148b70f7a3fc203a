import BNormCore
import BNormTensor

/// Runs one of two functions.
struct If: FunctionalOperation {
  static let opNames = ["If", "StatelessIf", "_If"]
  private let thenBranch: FunctionReference
  private let elseBranch: FunctionReference
  private let shapes: [PartialShape]
  /// TensorFlow turns the node into Switch and Merge nodes, which take a bool scalar only.
  private let isLowered: Bool

  init(_ node: NodeContext) throws {
    isLowered = node.allAttributes["_lower_using_switch_merge"]?.asBool ?? false
    thenBranch = try node.function("then_branch")
    elseBranch = try node.function("else_branch")
    shapes = node.op == "_If" ? [] : try node.shapes("output_shapes")
  }

  var functions: [FunctionReference] { [thenBranch, elseBranch] }

  func direct(_ inputs: [Fact]) throws -> DirectCall? {
    guard let condition = inputs[0].value else { return nil }
    return DirectCall(try isTaken(condition) ? thenBranch : elseBranch, inputs: 1..<inputs.count)
  }

  func bind(_ inputs: [Fact], _ binder: FunctionBinder) throws -> BoundOperation {
    try BoundBranches.bind(functions, inputs, binder) {
      try isTaken($0) ? 0 : 1
    }.declared(shapes)
  }

  private func isTaken(_ condition: Tensor) throws -> Bool {
    guard !isLowered || (condition.rank == 0 && condition.dtype == .bool) else {
      throw BNormError.invalid(
        "input 0 (cond) is a \(condition.dtype.name) of shape \(condition.shape), expected a bool "
          + "scalar")
    }
    return try Truth.of(condition, "input 0 (cond)")
  }
}

/// Runs the function of a number; a number that no function has runs the last one.
struct Case: FunctionalOperation {
  static let opNames = ["Case", "StatelessCase"]
  let functions: [FunctionReference]
  private let shapes: [PartialShape]

  init(_ node: NodeContext) throws {
    functions = try node.functions("branches")
    guard !functions.isEmpty else { throw BNormError.invalid("attribute branches is empty") }
    shapes = try node.shapes("output_shapes")
  }

  private static func branch(_ index: Tensor, of count: Int) throws -> Int {
    guard index.rank == 0, let i = index.integers?.first else {
      throw BNormError.invalid(
        "input 0 (branch_index) has shape \(index.shape), expected an int32 scalar")
    }
    return i < 0 || i >= count ? count - 1 : i
  }

  func direct(_ inputs: [Fact]) throws -> DirectCall? {
    guard let index = inputs[0].value else { return nil }
    return DirectCall(
      functions[try Case.branch(index, of: functions.count)], inputs: 1..<inputs.count)
  }

  func bind(_ inputs: [Fact], _ binder: FunctionBinder) throws -> BoundOperation {
    let count = functions.count
    return try BoundBranches.bind(functions, inputs, binder) { try Case.branch($0, of: count) }
      .declared(shapes)
  }
}

extension BoundOperation {
  /// With what the node's `output_shapes` say where nothing better is known.
  func declared(_ shapes: [PartialShape]) -> BoundOperation {
    guard outputs.isEmpty else { return self }
    return BoundOperation(operation, outputs: shapes)
  }
}
