import BNormTensor

/// A TensorFlow 1 while loop, taken apart: what its turns begin with, what the condition's part
/// computes, what the body's part computes from it, and what leaves.
struct LoopFrame {
  struct LoopVariable {
    var merge: Int32
    var enter: Int32
    var next: Int32
  }

  let name: String
  let graph: Graph
  private(set) var variables: [LoopVariable] = []
  /// Enters whose value every turn sees.
  private(set) var invariants: [Int32] = []
  private(set) var exits: [Int32] = []
  /// nil for a frame that does not loop.
  private(set) var condition: ValueID?
  /// Values of the condition's part that body or exits read.
  private(set) var extras: [ValueID] = []
  private(set) var hasEffects = false

  private var switches: [Int32] = []
  private var aliases: [ValueID: ValueID] = [:]
  private var parts: [Int32: Part] = [:]
  private var conditionTargets: [Int32] = []
  private var bodyTargets: [Int32] = []
  private var exitTargets: [Int32] = []

  private enum Part { case boundary, condition, body, exit }

  init(
    _ name: String, _ graph: Graph, _ region: Region, _ members: [Int32],
    unit: (Int32) -> Int?
  ) throws {
    self.name = name
    self.graph = graph
    let direct = members.filter { unit($0) == nil }
    hasEffects = members.contains { graph.nodes[Int($0)].isStateful }
    try findBoundary(direct)
    try sortIntoParts(members, unit)
    findCrossings(members)
  }

  private func node(_ i: Int32) -> Node { graph.nodes[Int(i)] }

  // MARK: Boundary

  private mutating func findBoundary(_ direct: [Int32]) throws {
    let conditions = direct.filter { node($0).op == "LoopCond" }
    guard conditions.count <= 1 else {
      throw BNormError.invalid("the loop has \(conditions.count) LoopCond nodes, expected 1")
    }
    condition = conditions.first.map { ValueID(Int($0), 0) }
    for i in direct {
      switch node(i).op {
      case "Merge", "RefMerge":
        let back = node(i).inputs.filter { node($0.node).op.hasSuffix("NextIteration") }
        if !back.isEmpty { try addVariable(i) }
      case "Exit", "RefExit":
        exits.append(i)
        parts[i] = .boundary
      case "NextIteration", "RefNextIteration": parts[i] = .boundary
      case "Switch", "RefSwitch":
        if let condition, node(i).inputs[1] == condition {
          switches.append(i)
          for port in 0..<2 { aliases[ValueID(Int(i), port)] = node(i).inputs[0] }
        }
      default: break
      }
    }
    let entered = Set(variables.map(\.enter))
    for i in direct where node(i).op.hasSuffix("Enter") {
      parts[i] = .boundary
      guard !entered.contains(i) else { continue }
      guard condition == nil || node(i).attributes["is_constant"]?.asBool == true else {
        throw BNormError.invalid(
          "\(graph.label(Int(i))) is not constant and enters no Merge, so only the first turn has it")
      }
      invariants.append(i)
    }
    guard condition != nil || variables.isEmpty else {
      throw BNormError.invalid("the loop has no LoopCond node")
    }
  }

  private mutating func addVariable(_ merge: Int32) throws {
    let inputs = node(merge).inputs
    guard inputs.count == 2,
      let enter = inputs.first(where: { node($0.node).op.hasSuffix("Enter") }),
      let next = inputs.first(where: { node($0.node).op.hasSuffix("NextIteration") }),
      node(enter.node).attributes["is_constant"]?.asBool != true
    else {
      throw BNormError.invalid(
        "\(graph.label(Int(merge))) must merge one Enter that is not constant and one NextIteration")
    }
    variables.append(LoopVariable(merge: merge, enter: enter.node, next: next.node))
    parts[merge] = .boundary
  }

  // MARK: Parts

  /// Sorts the members, which come in order, into parts; the nodes of a loop within go together.
  private mutating func sortIntoParts(_ members: [Int32], _ unit: (Int32) -> Int?) throws {
    let isMember = Set(members)
    let isSwitch = Set(switches)
    for i in switches { parts[i] = .boundary }
    let inner = members.filter { parts[$0] == nil }
    var unitParts: [Int: Part] = [:]
    var isStable = false
    while !isStable {
      isStable = true
      for i in inner {
        let own = unit(i)
        let part = try part(of: i, from: own.flatMap { unitParts[$0] }, isMember, isSwitch)
        if parts[i] != part { isStable = false }
        parts[i] = part
        if let own, part != .condition { unitParts[own] = part }
      }
    }
    try checkExits(isSwitch)
  }

  private func part(
    of i: Int32, from known: Part?, _ isMember: Set<Int32>, _ isSwitch: Set<Int32>
  ) throws -> Part {
    var part = known ?? Part.condition
    func meet(_ other: Part) throws {
      guard other == .body || other == .exit, other != part else { return }
      guard part == .condition else {
        throw BNormError.invalid(
          "\(graph.label(Int(i))) needs values of a turn and of the loop's end at once")
      }
      part = other
    }
    let isMerge = node(i).op == "Merge" || node(i).op == "RefMerge"
    for input in node(i).inputs where isMember.contains(input.node) {
      if isSwitch.contains(input.node) {
        try meet(input.port == 0 ? .exit : .body)
      } else if !isMerge || !node(input.node).op.hasSuffix("NextIteration") {
        try meet(parts[input.node] ?? .condition)
      }
    }
    for control in node(i).controls where isMember.contains(control) {
      try meet(parts[control] ?? .condition)
    }
    return part
  }

  private func checkExits(_ isSwitch: Set<Int32>) throws {
    for exit in exits where condition != nil {
      let input = node(exit).inputs[0]
      let part = isSwitch.contains(input.node)
        ? (input.port == 0 ? Part.exit : .body) : parts[input.node] ?? .condition
      guard part == .exit else {
        throw BNormError.invalid(
          "\(graph.label(Int(exit))) does not read what leaves the loop (output 0 of a Switch)")
      }
    }
  }

  // MARK: What passes from part to part

  private mutating func findCrossings(_ members: [Int32]) {
    guard condition != nil else {
      for exit in exits { exitTargets += node(exit).controls }
      return
    }
    func isCondition(_ i: Int32) -> Bool { parts[i] == .condition }
    for i in members where parts[i] != .condition {
      for input in node(i).inputs where isCondition(input.node) && !extras.contains(input) {
        extras.append(input)
      }
      for control in node(i).controls {
        switch parts[control] {
        case .condition:
          if !conditionTargets.contains(control) { conditionTargets.append(control) }
        case .body where node(i).op.hasSuffix("NextIteration"): bodyTargets.append(control)
        case .exit where node(i).op.hasSuffix("Exit"): exitTargets.append(control)
        default: break
        }
      }
    }
  }

  // MARK: Regions

  private var variableValues: [ValueID] { variables.map { ValueID(Int($0.merge), 0) } }
  private var invariantValues: [ValueID] { invariants.map { ValueID(Int($0), 0) } }
  private func cuts(_ ran: [Part]) -> Set<Int32> {
    Set(parts.keys.filter { ran.contains(parts[$0]!) })
  }

  /// (variables, invariants) → (condition, extras)
  var conditionRegion: Region {
    Region(
      graph: graph, feeds: variableValues + invariantValues, fetches: [condition!] + extras,
      targets: conditionTargets, cuts: cuts([.boundary]))
  }

  /// (variables, extras, invariants) → variables
  var bodyRegion: Region {
    Region(
      graph: graph, feeds: variableValues + extras + invariantValues,
      fetches: variables.map { node($0.next).inputs[0] }, targets: bodyTargets,
      cuts: cuts([.boundary, .condition]), aliases: aliases,
      referenceFetches: references(variables.map(\.next)))
  }

  /// The places of the nodes that pass a reference on, not a value.
  private func references(_ nodes: [Int32]) -> Set<Int> {
    Set(nodes.indices.filter { node(nodes[$0]).inputIsReference.first ?? false })
  }

  /// (variables, extras, invariants) → what leaves
  var exitRegion: Region {
    Region(
      graph: graph, feeds: variableValues + extras + invariantValues,
      fetches: exits.map { node($0).inputs[0] }, targets: exitTargets,
      cuts: condition == nil ? cuts([.boundary]) : cuts([.boundary, .condition]),
      aliases: aliases, referenceFetches: references(exits))
  }

  /// What leaves is the variables of these numbers, when it needs no computation.
  var exitVariables: [Int]? {
    guard exitTargets.isEmpty else { return nil }
    let values = variableValues
    var out: [Int] = []
    for exit in exits {
      let input = node(exit).inputs[0]
      guard let source = aliases[input], let k = values.firstIndex(of: source) else { return nil }
      out.append(k)
    }
    return out
  }
}
