import BNormCore
import BNormTensor

/// Lets the readers of an Identity, of a Reshape or Transpose that changes nothing, of a product with
/// one and of the like read the original.
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
    case "Mul": return unchanged(node, by: 1, at: 0, graph) ?? unchanged(node, by: 1, at: 1, graph)
    case "Div", "RealDiv": return unchanged(node, by: 1, at: 0, graph)
    case "Sub": return unchanged(node, by: 0, at: 0, graph)
    default: return nil
    }
  }

  /// Input `k` of a node whose other input is the number `neutral` and that has the shape of `k`.
  private func unchanged(
    _ node: PlanGraph.Node, by neutral: Double, at k: Int, _ graph: PlanGraph
  ) -> ValueID? {
    guard node.inputs.count == 2, let tensor = graph.constant(node.inputs[1 - k]),
      tensor.count == 1, tensor.dtype.isFloating, tensor.doubles?.first == neutral,
      tensor.doubles?.first?.sign == .plus, let known = node.outputs[0].shape.full,
      graph.fact(node.inputs[k]).shape.full == known
    else { return nil }
    return node.inputs[k]
  }

  /// What a reader gets from a variable is a copy: reads of state stay as they are.
  private func isPlain(_ value: ValueID, _ graph: PlanGraph) -> Bool {
    graph.fact(value).dtype.isPlain && !graph[Int(value.node)].isStateful
  }
}
