import BNormCore

/// A batch normalization found in a graph.
public struct BatchNormalizationNote: Sendable {
  /// The node that makes the normalized value.
  public let node: String
  public let epsilon: Double
  public let channels: Int?
  /// How the graph writes it, e.g. `FusedBatchNormV3` or `decomposed`.
  public let form: String

  static func find(in graph: Graph, facts: GraphFacts) -> [BatchNormalizationNote] {
    graph.nodes.enumerated().compactMap { i, node in
      guard node.op.hasPrefix("FusedBatchNorm"), !node.op.contains("Grad"),
        let epsilon = node.attributes["epsilon"]?.asFloat ?? node.signature?.attribute("epsilon")?
          .defaultValue?.asFloat
      else { return nil }
      return BatchNormalizationNote(
        node: node.name, epsilon: Double(epsilon),
        channels: facts.fact(node.inputs[1]).shape[0], form: node.op)
    }
  }
}
