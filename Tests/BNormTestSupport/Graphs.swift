import BNorm
import BNormCore
import BNormTensor

/// Node definitions for tests.
extension NodeDefinition {
  public static func placeholder(
    _ name: String, _ shape: PartialShape = .unknown, _ dtype: DType = .float
  ) -> NodeDefinition {
    NodeDefinition(
      name: name, op: "Placeholder",
      attributes: ["dtype": .type(Int(dtype.rawValue)), "shape": .shape(shape)])
  }

  public static func constant(_ name: String, _ tensor: Tensor) -> NodeDefinition {
    NodeDefinition(
      name: name, op: "Const",
      attributes: ["dtype": .type(Int(tensor.dtype.rawValue)), "value": .tensor(tensor)])
  }

  /// A node with the attribute T.
  public static func node(
    _ op: String, _ name: String, _ inputs: [String], _ dtype: DType = .float,
    _ attributes: [String: AttributeValue] = [:]
  ) -> NodeDefinition {
    NodeDefinition(
      name: name, op: op, inputs: inputs,
      attributes: attributes.merging(["T": .type(Int(dtype.rawValue))]) { a, _ in a })
  }
}

extension GraphDefinition {
  /// x + 1 + 1 …, `count` times, ending at `y`.
  public static func chain(_ count: Int) -> GraphDefinition {
    var nodes: [NodeDefinition] = [
      .placeholder("x", PartialShape([-1])), .placeholder("one", .scalar),
    ]
    var previous = "x"
    for i in 0..<count {
      let name = i == count - 1 ? "y" : "n\(i)"
      nodes.append(.node("AddV2", name, [previous, "one"]))
      previous = name
    }
    return GraphDefinition(nodes: nodes, producer: 2000)
  }
}
