import BNormTensor

/// A call of one function that is not written out in the plan.
public struct BoundCall: ConsumingOperation, PlanOnlyOperation {
  let callable: Callable

  init(_ callable: Callable) { self.callable = callable }

  /// A call of `function` with inputs of which `inputs` is known.
  public static func bind(
    _ function: FunctionReference, _ inputs: [Fact], _ binder: FunctionBinder
  ) throws -> BoundOperation {
    let callable = try binder.callable(function, inputs)
    let shapes = binder.isTooDeep(function)
      ? nil : callable.results(for: inputs)?.map(\.shape)
    return BoundOperation(BoundCall(callable), outputs: shapes ?? [])
  }

  public func run(consuming inputs: inout [Tensor], _ context: RunContext) throws -> [Tensor] {
    let given = inputs
    inputs = []
    return try callable.run(given, context)
  }
}

/// Picks one of several functions in the run: If and Case.
public struct BoundBranches: ConsumingOperation, PlanOnlyOperation {
  let branches: [Callable]
  /// The number of the branch for what the first input is.
  let choose: @Sendable (Tensor) throws -> Int

  init(branches: [Callable], choose: @escaping @Sendable (Tensor) throws -> Int) {
    self.branches = branches
    self.choose = choose
  }

  /// Branches that get all inputs but the first, which chooses.
  public static func bind(
    _ functions: [FunctionReference], _ inputs: [Fact], _ binder: FunctionBinder,
    choose: @escaping @Sendable (Tensor) throws -> Int
  ) throws -> BoundOperation {
    let given = Array(inputs.dropFirst())
    var branches: [Callable] = []
    var shapes: [PartialShape]?
    for function in functions {
      let branch = try binder.callable(function, given)
      branches.append(branch)
      let made = binder.isTooDeep(function) ? nil : branch.results(for: given)
      guard let made else {
        shapes = []
        continue
      }
      let own = made.map(\.shape)
      if let known = shapes {
        shapes = known.count == own.count ? zip(known, own).map { $0.common(with: $1) } : []
      } else {
        shapes = own
      }
    }
    return BoundOperation(
      BoundBranches(branches: branches, choose: choose), outputs: shapes ?? [])
  }

  public func run(consuming inputs: inout [Tensor], _ context: RunContext) throws -> [Tensor] {
    let branch = branches[try choose(inputs[0])]
    let given = Array(inputs.dropFirst())
    inputs = []
    return try branch.run(given, context)
  }
}
