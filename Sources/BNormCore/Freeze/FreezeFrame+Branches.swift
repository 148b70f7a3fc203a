import BNormTensor

/// Branches whose condition is known are decided: what is never taken is not written.
extension FreezeFrame {
  /// Handles node `index` if that is all there is to do.
  func decide(_ index: Int32, _ node: Node) throws -> Bool {
    if let fixed = freezer.fixed[ValueID(Int(index), 0)], graph === freezer.graph, prefix.isEmpty {
      set(index, .tensor(scope.constant(name(index), fixed)))
      known[ValueID(Int(index), 0)] = fixed
      return true
    }
    if node.op == "Merge" || node.op == "RefMerge" { return try decideMerge(index, node) }
    if node.inputs.contains(where: isDead) || node.controls.contains(where: dead.contains) {
      dead.insert(index)
      return true
    }
    switch node.op {
    case "Switch", "RefSwitch":
      guard let taken = truth(node.inputs[1]) else { return false }
      let (port, other) = taken ? (1, 0) : (0, 1)
      values[ValueID(Int(index), port)] = value(node.inputs[0])
      known[ValueID(Int(index), port)] = known[node.inputs[0]]
      deadValues.insert(ValueID(Int(index), other))
      controls[index] = [value(node.inputs[0]).output.node] + controls(of: node)
      return true
    case "If", "StatelessIf":
      guard let taken = truth(node.inputs[0]),
        let function = node.attributes[taken ? "then_branch" : "else_branch"]?.asFunction
      else { return false }
      try call(function, index, node.inputs.dropFirst().map { value($0) })
      return true
    default:
      note(index, node)
      return false
    }
  }

  private func isDead(_ value: ValueID) -> Bool {
    dead.contains(value.node) || deadValues.contains(value)
  }

  private func decideMerge(_ index: Int32, _ node: Node) throws -> Bool {
    let alive = node.inputs.indices.filter { !isDead(node.inputs[$0]) }
    guard alive.count < node.inputs.count else { return false }
    let closesLoop = alive.allSatisfy { i in
      graph.nodes[Int(node.inputs[i].node)].op.hasSuffix("NextIteration")
    }
    guard !closesLoop else {
      dead.insert(index)
      return true
    }
    guard alive.count == 1 else { return false }
    let input = node.inputs[alive[0]]
    set(index, value(input))
    known[ValueID(Int(index), 0)] = known[input]
    controls[index] = [value(input).output.node] + controls(of: node)
    let number = scope.constant(name(index) + "/value_index", Tensor(scalar: Int32(alive[0])))
    values[ValueID(Int(index), 1)] = .tensor(number)
    return true
  }

  /// Values that conditions are made of.
  private func note(_ index: Int32, _ node: Node) {
    let output = ValueID(Int(index), 0)
    switch node.op {
    case "Const": known[output] = node.attributes["value"]?.asTensor
    case "Identity", "StopGradient": known[output] = known[node.inputs[0]]
    case "LogicalNot":
      if let x = truth(node.inputs[0]) { known[output] = Tensor(scalar: !x) }
    case "LogicalAnd":
      if let x = truth(node.inputs[0]), let y = truth(node.inputs[1]) {
        known[output] = Tensor(scalar: x && y)
      }
    case "LogicalOr":
      if let x = truth(node.inputs[0]), let y = truth(node.inputs[1]) {
        known[output] = Tensor(scalar: x || y)
      }
    default: break
    }
  }

  private func truth(_ value: ValueID) -> Bool? {
    guard let tensor = known[value], tensor.dtype == .bool, tensor.count == 1 else { return nil }
    return tensor.elements(Bool.self)[0]
  }
}
