import BNormTensor

/// A part of a graph that steps of a plan run: a function's body, a branch, a turn of a loop. Its
/// plans are made when they are first needed and kept by input shapes. Safe from several threads.
public final class Callable: @unchecked Sendable {
  typealias Recipe =
    @Sendable (inout PlanGraphBuilder, [ValueID]) throws -> PlanGraphBuilder.Inclusion

  /// What is known of the inputs whatever the call; inputs with a value are always that value.
  let inputs: [Fact]
  /// The inputs whose tensors count.
  let open: [Int]
  private let graph: Graph
  private let binder: FunctionBinder
  private let recipe: Recipe
  private let lock = Lock()
  private var variants: [Variant] = []

  /// A plan and the input shapes that it is for.
  final class Variant: @unchecked Sendable {
    let shapes: [PartialShape]
    let plan: Plan
    private let exact: [Shape?]
    fileprivate var idle: [Executor] = []

    init(shapes: [PartialShape], plan: Plan) {
      self.shapes = shapes
      self.plan = plan
      exact = shapes.map(\.full)
    }

    func accepts(_ shape: Shape, _ i: Int) -> Bool {
      if let e = exact[i] { return e == shape }
      return shapes[i].accepts(shape)
    }

    func accepts(_ tensors: [Tensor], _ open: [Int]) -> Bool {
      for i in open where !accepts(tensors[i].shape, i) { return false }
      return true
    }
  }

  /// Plans for full shapes before one for shapes that are only partly known is made.
  private static let exactVariants = 3
  private static let allVariants = 64

  init(_ inputs: [Fact], graph: Graph, binder: FunctionBinder, recipe: @escaping Recipe) {
    self.inputs = inputs
    self.graph = graph
    self.binder = binder
    self.recipe = recipe
    open = inputs.indices.filter { inputs[$0].value == nil }
  }

  // MARK: Facts

  /// What follows for the results when the inputs are as `facts` says; nil when that is not known,
  /// be it because something does not fit.
  func results(for facts: [Fact]) -> [Fact]? {
    let shapes = facts.map(\.shape)
    if open.allSatisfy({ shapes[$0].full != nil }) {
      return (try? variant(for: shapes))?.plan.fetchFacts
    }
    guard let built = try? build(shapes) else { return nil }
    return built.fetches.map(built.fact)
  }

  private func build(_ shapes: [PartialShape]) throws -> PlanGraph {
    let named = inputs.enumerated().map { i, fact -> (fact: Fact, name: String) in
      var fact = fact
      if fact.value == nil { fact.shape = shapes[i] }
      return (fact, "input \(i)")
    }
    return try PlanGraphBuilder.build(named, binder: binder, recipe)
  }

  // MARK: Variants

  private func variant(for shapes: [PartialShape]) throws -> Variant {
    if let found = lock.withLock({ variants.first { $0.shapes == shapes } }) { return found }
    let made = Variant(shapes: shapes, plan: try binder.plan(build(shapes), graph: graph))
    lock.withLock {
      if variants.count >= Callable.allVariants { variants.removeFirst() }
      variants.append(made)
    }
    return made
  }

  func variant(for tensors: [Tensor]) throws -> Variant {
    let known = lock.withLock { variants }
    if let found = known.first(where: { $0.accepts(tensors, open) }) { return found }
    var shapes = inputs.enumerated().map { i, fact in
      fact.value == nil ? PartialShape(tensors[i].shape) : fact.shape
    }
    if known.count >= Callable.exactVariants {
      // The shapes change from call to call: what changed is taken as unknown.
      for variant in known { for i in open { shapes[i] = shapes[i].common(with: variant.shapes[i]) } }
    }
    return try variant(for: shapes)
  }

  func takeExecutor(_ variant: Variant) -> Executor {
    lock.withLock { variant.idle.popLast() } ?? Executor(variant.plan, packs: binder.packs)
  }

  func giveBack(_ executor: Executor, _ variant: Variant) {
    lock.withLock { variant.idle.append(executor) }
  }

  // MARK: Running

  /// Runs with one tensor for each input; those of constant inputs do not matter.
  public func run(_ tensors: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard let functions = context.functions else {
      throw BNormError.invalid("functions cannot run here")
    }
    return try run(
      tensors, session: context.session, step: context.step, functions: functions)
  }

  func run(
    _ tensors: [Tensor], session: SessionState, step: StepState, functions: any FunctionRunner
  ) throws -> [Tensor] {
    let variant = try variant(for: tensors)
    let executor = takeExecutor(variant)
    defer { giveBack(executor, variant) }
    return try step.deeper {
      try executor.run(tensors, session: session, step: step, functions: functions)
    }
  }
}
