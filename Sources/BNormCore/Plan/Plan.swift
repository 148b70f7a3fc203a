import BNormTensor

/// A graph made ready to run for one signature. Immutable; any number of executors run it.
public final class Plan: Sendable {
  /// Where a value lives while the plan runs.
  enum Home: Sendable {
    case constant(Tensor)
    case feed(Int)
    /// In the executor's arena, at this offset.
    case arena(offset: Int)
    /// A tensor of its own, allocated at each run.
    case heap
    /// A tensor that a step makes.
    case dynamic
    case scratch(offset: Int)
  }

  struct Slot: Sendable {
    var home: Home
    var dtype: DType
    var shape: Shape?
  }

  let steps: [Step]
  let slots: [Slot]
  /// Slot numbers of the steps' inputs, outputs and scratch, step after step.
  let map: [Int32]
  let arenaBytes: Int
  /// The slots of the feeds, in the signature's order, and of the fetches.
  let feedSlots: [Int32]
  let fetchSlots: [Int32]
  /// Slots of heap or dynamic values to let go of after each step.
  let releases: [[Int32]]
  let hasConditionals: Bool
  let graph: Graph
  /// The dtype and shape of each fetch as far as they are known.
  public let fetchFacts: [Fact]

  init(
    steps: [Step], slots: [Slot], map: [Int32], arenaBytes: Int, feedSlots: [Int32],
    fetchSlots: [Int32], releases: [[Int32]], hasConditionals: Bool, graph: Graph,
    fetchFacts: [Fact]
  ) {
    self.steps = steps
    self.slots = slots
    self.map = map
    self.arenaBytes = arenaBytes
    self.feedSlots = feedSlots
    self.fetchSlots = fetchSlots
    self.releases = releases
    self.hasConditionals = hasConditionals
    self.graph = graph
    self.fetchFacts = fetchFacts
  }
}

/// One step of a plan.
struct Step: Sendable {
  enum Kind: UInt8, Sendable {
    /// A kernel between arena slots: nothing but the call.
    case planned
    /// A kernel, some of whose outputs are tensors to allocate.
    case plannedHeap
    /// The output is the input's storage under another shape.
    case alias
    /// A planned op whose shapes are known only now.
    case dynamic
    case eager
    case `switch`
    case merge
  }

  var kind: Kind
  /// Where this step's slots begin in `Plan.map`.
  var mapOffset: Int32
  var inputCount: Int32
  var outputCount: Int32
  var body: @Sendable (KernelIO) throws -> Void
  var operation: (any Operation)?
  var name: String
  var op: String
  var label: String
  var outputDTypes: [DType]
  var source: Int32
  /// In a plan with conditionals: the step does not run when an input is dead.
  var mayBeDead: Bool
  /// Steps whose deadness this one takes over through control edges.
  var controls: [Int32]
}
