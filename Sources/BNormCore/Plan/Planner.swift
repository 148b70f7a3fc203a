import BNormTensor

/// Turns a plan's graph into steps: chooses kernels, decides where values live, lays out memory.
struct Planner {
  private let plan: PlanGraph
  private let graph: Graph
  private let packs: PackCache
  private let order: [Int32]
  private let lowersAhead: Bool
  /// Fetched values that kernels write straight into the caller's memory.
  private var external: [ValueID: Int] = [:]

  private var slots: [Plan.Slot] = []
  private var slotOf: [ValueID: Int32] = [:]
  private var steps: [Step] = []
  private var map: [Int32] = []
  private var stepOf: [Int32: Int32] = [:]
  private var memory = MemoryPlanner()
  /// Slots that share the memory of another one (reshapes): slot → root slot.
  private var aliasRoot: [Int32] = []
  private var mustOwn: Set<ValueID> = []
  private var mayBeDead: Set<Int32> = []
  private var lastUse: [Int32] = []

  init(
    _ plan: PlanGraph, graph: Graph, packs: PackCache, lowersAhead: Bool = true,
    externalFetches: Bool = false
  ) {
    self.lowersAhead = lowersAhead
    self.plan = plan
    self.graph = graph
    self.packs = packs
    order = plan.order()
    guard externalFetches else { return }
    for (k, fetch) in plan.fetches.enumerated() where external[fetch] == nil { external[fetch] = k }
  }

  mutating func make() throws -> Plan {
    markOwned()
    markDead()
    for i in order {
      do { try addNode(Int(i)) } catch let error as BNormError {
        throw error.prefixed("\(plan[Int(i)].op) \"\(plan[Int(i)].name)\"")
      }
    }
    let fetchSlots = try plan.fetches.map { try slot(for: $0) }
    let feedCount = plan.nodes.reduce(0) {
      if case .feed(let k) = $1.role { max($0, k + 1) } else { $0 }
    }
    var feedSlots = [Int32](repeating: -1, count: feedCount)
    for (i, node) in plan.nodes.enumerated() {
      if case .feed(let k) = node.role { feedSlots[k] = slotOf[ValueID(i, 0)] ?? -1 }
    }
    for i in order {
      for fact in plan[Int(i)].outputs {
        if let failure = fact.value?.storage.failure { throw failure }
      }
    }
    let releases = layOut(fetchSlots)
    try MemoryLimit.check(bytes: memory.totalBytes)
    let (consumes, consumedFeeds) = findConsumed(fetchSlots, feedSlots)
    return Plan(
      steps: steps, slots: slots, map: map, arenaBytes: memory.totalBytes, feedSlots: feedSlots,
      fetchSlots: fetchSlots, releases: releases, consumes: consumes,
      consumedFeeds: consumedFeeds, hasConditionals: !mayBeDead.isEmpty || steps.contains { $0.kind == .merge }, graph: graph,
      fetchFacts: plan.fetches.map(plan.fact))
  }

  // MARK: What must have a tensor of its own

  /// Values that outlive the step that reads them: fetched ones, and inputs of ops that may keep
  /// their inputs (state, lists, functions, conditionals).
  private mutating func markOwned() {
    mustOwn = external.isEmpty ? Set(plan.fetches) : []
    for i in order {
      let node = plan[Int(i)]
      var keeps = false
      if case .conditional = node.role { keeps = true }
      if node.operation is any EagerOperation {
        keeps =
          node.isStateful
          || node.operation is any ConsumingOperation
          || node.outputs.contains { $0.dtype == .variant || $0.dtype == .resource }
      }
      if keeps { mustOwn.formUnion(node.inputs) }
    }
    // A reshaped value is the value.
    for i in order.reversed() {
      let node = plan[Int(i)]
      guard case .operation = node.role, let planned = node.operation as? any PlannedOperation,
        isAliasCandidate(planned), node.outputs.indices.contains(where: { mustOwn.contains(ValueID(Int(i), $0)) })
      else { continue }
      mustOwn.formUnion(node.inputs.prefix(1))
    }
  }

  private func isAliasCandidate(_ operation: any PlannedOperation) -> Bool {
    operation is any AliasOperation
  }

  private mutating func markDead() {
    for i in order {
      let node = plan[Int(i)]
      var dead = node.inputs.contains { mayBeDead.contains($0.node) }
        || node.controls.contains { mayBeDead.contains($0) }
      if case .conditional(.switch) = node.role { dead = true }
      if dead { mayBeDead.insert(i) }
    }
  }

  // MARK: Slots

  private mutating func addSlot(_ home: Plan.Home, _ fact: Fact) -> Int32 {
    slots.append(Plan.Slot(home: home, dtype: fact.dtype, shape: fact.shape.full))
    aliasRoot.append(Int32(slots.count - 1))
    lastUse.append(-1)
    return Int32(slots.count - 1)
  }

  private mutating func slot(for value: ValueID) throws -> Int32 {
    if let slot = slotOf[value] { return slot }
    // Constants have a slot only if somebody reads them.
    if let tensor = plan.constant(value) {
      let slot = addSlot(.constant(tensor), plan.fact(value))
      slotOf[value] = slot
      return slot
    }
    throw BNormError.invalid("value \(value) has no place in the plan")
  }

  private mutating func use(_ slot: Int32, at step: Int) {
    lastUse[Int(slot)] = Int32(step)
    let root = aliasRoot[Int(slot)]
    lastUse[Int(root)] = Int32(step)
  }

  // MARK: Steps

  private mutating func addNode(_ i: Int) throws {
    let node = plan[i]
    switch node.role {
    case .constant: break
    case .feed(let k):
      slotOf[ValueID(i, 0)] = addSlot(.feed(k), node.outputs[0])
    case .conditional(let conditional):
      try addStep(i, conditional == .switch ? .switch : .merge)
    case .operation:
      if !node.outputs.isEmpty, node.outputs.allSatisfy({ $0.value != nil }) { return }
      if lowersAhead, let planned = node.operation as? any PlannedOperation, try lower(i, planned) {
        return
      }
      let isEager = node.operation is any EagerOperation
      let plain = (plan.inputFacts(i) + node.outputs).allSatisfy(\.dtype.isPlain)
      if let planned = node.operation as? any PlannedOperation,
        !isEager || planned.movesElements || plain
      {
        try addStep(i, .dynamic)
      } else if isEager {
        try addStep(i, .eager)
      } else {
        throw BNormError.unsupported("the op does not run")
      }
    }
  }

  /// Chooses the kernel now if all that it depends on is known.
  private mutating func lower(_ i: Int, _ operation: any PlannedOperation) throws -> Bool {
    let node = plan[i]
    let inputs = plan.inputFacts(i)
    for (k, fact) in inputs.enumerated() {
      guard fact.dtype.isPlain, fact.shape.full != nil else { return false }
      if operation.valueInputs.contains(k), fact.value == nil { return false }
    }
    for fact in node.outputs where !fact.dtype.isPlain || fact.shape.full == nil { return false }
    for fact in node.outputs { try MemoryLimit.check(fact.dtype, fact.shape.full!) }
    let lowering = Lowering(inputs: inputs, outputs: node.outputs, packs: packs)
    // What a branch refuses is an error only if it is taken.
    let kernel = mayBeDead.contains(Int32(i))
      ? try? operation.lower(lowering) : try operation.lower(lowering)
    guard let kernel else { return false }
    switch kernel {
    case .alias(let input): try addAlias(i, input)
    case .function(let function): try addKernel(i, function)
    }
    return true
  }

  private mutating func addAlias(_ i: Int, _ input: Int) throws {
    let node = plan[i]
    let source = try slot(for: node.inputs[input])
    let isArena = if case .arena = slots[Int(source)].home { true } else { false }
    let owned = node.outputs.indices.contains { mustOwn.contains(ValueID(i, $0)) }
    if isArena, !owned, node.controls.isEmpty, !mayBeDead.contains(Int32(i)) {
      for (port, fact) in node.outputs.enumerated() {
        let slot = addSlot(.arena(offset: 0), fact)
        aliasRoot[Int(slot)] = aliasRoot[Int(source)]
        slotOf[ValueID(i, port)] = slot
      }
      return
    }
    try addStep(i, .alias, outputHome: .dynamic, inputs: [node.inputs[input]])
  }

  private mutating func addKernel(_ i: Int, _ function: KernelFunction) throws {
    let node = plan[i]
    let step = steps.count
    var inputSlots: [Int32] = []
    for (k, value) in node.inputs.enumerated() {
      let isUnread = function.unread.contains(k) && plan.constant(value) != nil
      inputSlots.append(isUnread ? addSlot(.unread, plan.fact(value)) : try slot(for: value))
    }
    for slot in inputSlots { use(slot, at: step) }
    var needsHeap = false
    var outputSlots: [Int32] = []
    for (port, fact) in node.outputs.enumerated() {
      let value = ValueID(i, port)
      let owned = mustOwn.contains(value) || mayBeDead.contains(Int32(i))
      needsHeap = needsHeap || owned
      var home = owned ? Plan.Home.heap : .arena(offset: 0)
      if !owned, let k = external[value] { home = .external(k) }
      let slot = addSlot(home, fact)
      slotOf[value] = slot
      outputSlots.append(slot)
      lastUse[Int(slot)] = Int32(step)
      if case .arena = home { memory.define(slot, bytes: fact.shape.full!.count * fact.dtype.size, step: step) }
    }
    for pair in function.inPlace {
      let input = inputSlots[pair.input]
      let output = outputSlots[pair.output]
      guard case .arena = slots[Int(input)].home, case .arena = slots[Int(output)].home else { continue }
      // A kernel that writes over one input may still have to read it as another.
      let root = aliasRoot[Int(input)]
      guard inputSlots.count(where: { aliasRoot[Int($0)] == root }) == 1 else { continue }
      memory.allowInPlace(output: output, input: root)
    }
    var all = inputSlots + outputSlots
    if function.scratchBytes > 0 {
      try MemoryLimit.check(bytes: function.scratchBytes)
      let slot = addSlot(.scratch(offset: 0), Fact(.uint8, PartialShape([function.scratchBytes])))
      lastUse[Int(slot)] = Int32(step)
      memory.define(slot, bytes: function.scratchBytes, step: step)
      all.append(slot)
    }
    appendStep(
      i, needsHeap ? .plannedHeap : .planned, slots: all, inputs: inputSlots.count,
      body: function.body, label: function.label)
  }

  private mutating func addStep(
    _ i: Int, _ kind: Step.Kind, outputHome: Plan.Home = .dynamic, inputs: [ValueID]? = nil
  ) throws {
    let node = plan[i]
    let step = steps.count
    var all: [Int32] = []
    for value in inputs ?? node.inputs {
      let slot = try slot(for: value)
      use(slot, at: step)
      all.append(slot)
    }
    let count = all.count
    for (port, fact) in node.outputs.enumerated() {
      let slot = addSlot(outputHome, fact)
      slotOf[ValueID(i, port)] = slot
      lastUse[Int(slot)] = Int32(step)
      all.append(slot)
    }
    appendStep(i, kind, slots: all, inputs: count, body: { _ in }, label: "")
  }

  private mutating func appendStep(
    _ i: Int, _ kind: Step.Kind, slots: [Int32], inputs: Int,
    body: @escaping @Sendable (KernelIO) throws -> Void, label: String
  ) {
    let node = plan[i]
    let dead = mayBeDead.contains(Int32(i))
    stepOf[Int32(i)] = Int32(steps.count)
    steps.append(
      Step(
        kind: kind, mapOffset: map.count, inputs: inputs, body: body, label: label, node: node,
        key: NodeKey(graph: node.origin ?? ObjectIdentifier(graph), node: node.source),
        mayBeDead: dead, controls: dead ? node.controls.compactMap { stepOf[$0] } : []))
    map += slots
  }

  // MARK: Memory

  /// Places arena values, and lists what each step may let go of.
  private mutating func layOut(_ fetchSlots: [Int32]) -> [[Int32]] {
    for s in slots.indices {
      switch slots[s].home {
      case .arena, .scratch: memory.use(aliasRoot[s], until: Int(lastUse[s]))
      default: break
      }
    }
    for slot in fetchSlots { memory.use(aliasRoot[Int(slot)], until: steps.count) }
    memory.layOut()
    for s in slots.indices {
      switch slots[s].home {
      case .arena: slots[s].home = .arena(offset: memory.offset(of: aliasRoot[s]))
      case .scratch: slots[s].home = .scratch(offset: memory.offset(of: Int32(s)))
      default: break
      }
    }
    var releases = [[Int32]](repeating: [], count: steps.count)
    let kept = Set(fetchSlots)
    for s in slots.indices where !kept.contains(Int32(s)) && lastUse[s] >= 0 {
      switch slots[s].home {
      case .heap, .dynamic: releases[Int(lastUse[s])].append(Int32(s))
      default: break
      }
    }
    return releases
  }

  /// What ops that change inputs in place may take: values whose last use they are.
  private func findConsumed(
    _ fetchSlots: [Int32], _ feedSlots: [Int32]
  ) -> (consumes: [Int: [Int]], feeds: [Int]) {
    let kept = Set(fetchSlots)
    var consumes: [Int: [Int]] = [:]
    var feeds: [Int] = []
    for (i, step) in steps.enumerated() where step.operation is any ConsumingOperation {
      guard step.kind == .eager else { continue }
      let inputs = map[Int(step.mapOffset)..<Int(step.mapOffset + step.inputCount)]
      for (k, slot) in inputs.enumerated() where lastUse[Int(slot)] == i && !kept.contains(slot) {
        guard inputs.filter({ $0 == slot }).count == 1 else { continue }
        switch slots[Int(slot)].home {
        case .dynamic, .heap: consumes[i, default: []].append(k)
        case .feed:
          consumes[i, default: []].append(k)
          if let feed = feedSlots.firstIndex(of: slot) { feeds.append(feed) }
        default: break
        }
      }
    }
    return (consumes, feeds)
  }
}

/// An op whose kernel is always `.alias(input: 0)`.
public protocol AliasOperation: PlannedOperation {}
