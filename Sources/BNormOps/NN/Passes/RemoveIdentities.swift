import BNormCore
import BNormTensor

/// Lets the readers of an Identity, of a Reshape or Transpose that changes nothing, and of the like
/// read the original.
struct RemoveIdentities: SimplifyPass {
  let name = "remove-identities"

  private static let identities: Set<String> = [
    "Identity", "IdentityN", "StopGradient", "PreventGradient", "Snapshot", "GuaranteeConst",
    "PlaceholderWithDefault", "EnsureShape", "CheckNumerics",
  ]

  func run(_ graph: inout PlanGraph) throws {
    var replacements: [ValueID: ValueID] = [:]
    for i in graph.nodes.indices {
      let node = graph[i]
      guard case .operation = node.role, node.controls.isEmpty, !node.isStateful else { continue }
      for port in node.outputs.indices {
        guard let source = source(node, port, graph), isPlain(source, graph),
          graph.fact(source).dtype == node.outputs[port].dtype
        else { continue }
        replacements[ValueID(i, port)] = source
      }
    }
    graph.replace(replacements)
  }

  /// The input that output `port` equals.
  private func source(_ node: PlanGraph.Node, _ port: Int, _ graph: PlanGraph) -> ValueID? {
    if node.op != "CheckNumerics", node.op != "EnsureShape",
      RemoveIdentities.identities.contains(node.op)
    {
      return port < node.inputs.count ? node.inputs[port] : nil
    }
    guard port == 0, let input = node.inputs.first else { return nil }
    let before = graph.fact(input).shape
    switch node.op {
    case "Reshape", "Squeeze", "ExpandDims", "EnsureShape":
      guard let known = before.full, known == node.outputs[0].shape.full else { return nil }
      return input
    case "Transpose":
      guard node.inputs.count == 2, let order = graph.constant(node.inputs[1])?.integers,
        order == Array(order.indices)
      else { return nil }
      return input
    case "Cast":
      return graph.fact(input).dtype == node.outputs[0].dtype ? input : nil
    default: return nil
    }
  }

  /// What a reader gets from a variable is a copy: reads of state stay as they are.
  private func isPlain(_ value: ValueID, _ graph: PlanGraph) -> Bool {
    graph.fact(value).dtype.isPlain && !graph[Int(value.node)].isStateful
  }
}
