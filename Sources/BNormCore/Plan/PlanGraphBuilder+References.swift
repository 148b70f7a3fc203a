import BNormTensor

/// References: variables that ops of TensorFlow 1 read and update.
extension PlanGraphBuilder {
  /// The plan's value for a graph value; a reference read as a value goes through a read of the
  /// variable that waits for all that `reader` waits for.
  mutating func value(
    for value: ValueID, reader: Node, _ scope: BuildScope
  ) throws -> ValueID {
    let planValue = try reference(value, scope)
    let source = scope.graph.nodes[Int(value.node)]
    if source.op == "Identity", !updates.isEmpty,
      let fresh = try renewed(value, planValue, source, reader: reader, scope)
    {
      return fresh
    }
    guard planValue != BuildScope.dead, Int(value.port) < source.outputIsReference.count,
      source.outputIsReference[Int(value.port)], plan.fact(planValue).dtype == .resource,
      source.outputDTypes[Int(value.port)] != .resource
    else { return planValue }
    let controls = sources(of: reader, besides: value, scope)
    let shape = scope.graph.trustsDeclaredShapes ? plan.fact(planValue).handleShape : nil
    let node = append(
      PlanGraph.Node(
        name: source.name, op: "ReadReference", operation: ReadReference(shape: shape?.full),
        role: .operation, inputs: [planValue], controls: relevant(controls),
        outputs: [
          Fact(source.outputDTypes[Int(value.port)], shape?.full.map(PartialShape.init) ?? .unknown)
        ], isStateful: true, source: value.node))
    return ValueID(Int(node), 0)
  }

  /// The plan's value for a graph value as it is.
  func reference(_ value: ValueID, _ scope: BuildScope) throws -> ValueID {
    if let found = scope.value(value) { return found }
    let count = scope.graph.nodes[Int(value.node)].outputDTypes.count
    guard Int(value.port) < count else {
      throw BNormError.invalid(
        "\(scope.graph.label(Int(value.node))) has \(count) outputs, there is no "
          + "\"\(scope.graph.label(value))\"")
    }
    throw BNormError.invalid("\(scope.graph.label(value)) is read before it is made")
  }

  /// The plan nodes that `reader` waits for, but for the one that makes `value`.
  private func sources(of reader: Node, besides value: ValueID, _ scope: BuildScope) -> [Int32] {
    var out: [Int32] = []
    for other in reader.inputs where other != value {
      if let p = scope.value(other), p != BuildScope.dead { out.append(p.node) }
    }
    for control in reader.controls { out += scope.waits[control] ?? [] }
    return out
  }

  /// A value that was read from a variable shares its memory in TensorFlow: who waits for an update
  /// sees it, even in a value that was read before. That is a second read here.
  private mutating func renewed(
    _ value: ValueID, _ planValue: ValueID, _ identity: Node, reader: Node, _ scope: BuildScope
  ) throws -> ValueID? {
    let origin = scope.graph.nodes[Int(identity.inputs[0].node)]
    guard planValue != BuildScope.dead, !scope.fed.contains(value.node),
      Int(identity.inputs[0].port) < origin.outputIsReference.count,
      origin.outputIsReference[Int(identity.inputs[0].port)],
      let handle = scope.value(identity.inputs[0]), handle != BuildScope.dead
    else { return nil }
    let variable = variable(of: handle.node)
    let known = updates[planValue.node] ?? []
    let isStale = sources(of: reader, besides: value, scope).contains { source in
      (updates[source] ?? []).contains {
        self.variable(of: $0) == variable && !known.contains($0)
      }
    }
    return isStale ? try self.value(for: identity.inputs[0], reader: reader, scope) : nil
  }

  /// Records that plan node `made` changes a variable, if its op does.
  mutating func noteUpdates(_ made: Int32, _ node: Node) {
    guard node.inputIsReference.first == true, node.op != "IsVariableInitialized",
      !node.op.hasPrefix("Ref"), let handle = plan[Int(made)].inputs.first
    else { return }
    updated[made] = variable(of: handle.node)
    updates[made, default: []].insert(made)
  }

  /// The node that makes the variable to which plan node `handle` refers.
  private func variable(of handle: Int32) -> Int32 { updated[handle] ?? handle }
}
