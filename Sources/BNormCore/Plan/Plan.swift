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
    /// Memory that the caller gives for this fetch.
    case external(Int)
    case scratch(offset: Int)
    /// A constant that its reader has in a layout of its own.
    case unread
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
  /// By fetch: whether it is a run's own tensor that no other fetch is.
  let isTakenOnce: [Bool]
  /// The slots that hold a run's own tensors.
  let transient: [Int32]
  /// For the steps that can make use of it, the inputs that nobody needs afterwards.
  let consumes: [Int: [Int]]
  /// Feeds that a step takes for itself.
  let consumedFeeds: [Int]
  let hasConditionals: Bool
  /// Some step works on tensors, not only on pointers.
  let readsFeedTensors: Bool
  let graph: Graph
  /// The dtype and shape of each fetch as far as they are known.
  public let fetchFacts: [Fact]

  init(
    steps: [Step], slots: [Slot], map: [Int32], arenaBytes: Int, feedSlots: [Int32],
    fetchSlots: [Int32], releases: [[Int32]], consumes: [Int: [Int]],
    consumedFeeds: [Int], hasConditionals: Bool, graph: Graph, fetchFacts: [Fact]
  ) {
    self.steps = steps
    self.slots = slots
    self.map = map
    self.arenaBytes = arenaBytes
    self.feedSlots = feedSlots
    self.fetchSlots = fetchSlots
    self.releases = releases
    self.consumes = consumes
    self.consumedFeeds = consumedFeeds
    isTakenOnce = fetchSlots.map { slot in
      switch slots[Int(slot)].home {
      case .heap, .dynamic: fetchSlots.filter { $0 == slot }.count == 1
      default: false
      }
    }
    transient = slots.indices.filter {
      switch slots[$0].home {
      case .feed, .heap, .dynamic, .external: true
      default: false
      }
    }.map { Int32($0) }
    self.hasConditionals = hasConditionals
    readsFeedTensors = steps.contains { $0.kind != .planned }
    self.graph = graph
    self.fetchFacts = fetchFacts
  }
}

/// One step of a plan.
final class Step: Sendable {
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

  let kind: Kind
  /// Where this step's slots begin in `Plan.map`.
  let mapOffset: Int32
  let inputCount: Int32
  let outputCount: Int32
  let body: @Sendable (KernelIO) throws -> Void
  let operation: (any Operation)?
  let name: String
  let op: String
  let label: String
  let outputDTypes: [DType]
  let key: NodeKey
  /// In a plan with conditionals: the step does not run when an input is dead.
  let mayBeDead: Bool
  /// Steps whose deadness this one takes over through control edges.
  let controls: [Int32]

  init(
    kind: Kind, mapOffset: Int, inputs: Int, body: @escaping @Sendable (KernelIO) throws -> Void,
    label: String, node: PlanGraph.Node, key: NodeKey, mayBeDead: Bool, controls: [Int32]
  ) {
    self.kind = kind
    self.mapOffset = Int32(mapOffset)
    inputCount = Int32(inputs)
    outputCount = Int32(node.outputs.count)
    self.body = body
    operation = node.operation
    name = node.name
    op = node.op
    self.label = label
    outputDTypes = node.outputs.map(\.dtype)
    self.key = key
    self.mayBeDead = mayBeDead
    self.controls = controls
  }
}
