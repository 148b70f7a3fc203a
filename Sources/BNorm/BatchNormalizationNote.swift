import BNormCore

/// A batch normalization found in a graph, fused by TensorFlow or written out.
public struct BatchNormalizationNote: Sendable {
  /// The node that makes the normalized value.
  public let node: String
  /// What is added to the variance.
  public let epsilon: Double
  /// How many channels are normalized; nil where the graph does not say.
  public let channels: Int?
  /// How the graph writes it, e.g. `FusedBatchNormV3` or `tf.nn.batch_normalization`.
  public let form: String
  /// The statistics are those of the batch, not constants or variables.
  public let usesBatchStatistics: Bool

  static func find(in graph: Graph, facts: GraphFacts) -> [BatchNormalizationNote] {
    let search = BatchNormalizationSearch(graph: graph, facts: facts)
    return graph.nodes.indices.compactMap { search.fused($0) ?? search.writtenOut($0) }
  }
}

/// Looks for the chains that `tf.nn.batch_normalization` and Keras emit:
/// `x·inv + (offset − mean·inv)` with `inv = rsqrt(variance + epsilon)·scale`; scale and offset may
/// be missing, and Identity, Cast, Reshape and Squeeze may stand in between.
private struct BatchNormalizationSearch {
  let graph: Graph
  let facts: GraphFacts

  private static let transparent: Set<String> = [
    "Identity", "Cast", "Reshape", "Squeeze", "ExpandDims", "ReadVariableOp", "StopGradient",
  ]

  func fused(_ i: Int) -> BatchNormalizationNote? {
    let node = graph.nodes[i]
    guard node.op.hasPrefix("FusedBatchNorm"), !node.op.contains("Grad"),
      let epsilon = attribute(node, "epsilon")?.asFloat, node.inputs.count > 1
    else { return nil }
    return BatchNormalizationNote(
      node: node.name, epsilon: Double(epsilon), channels: facts.fact(node.inputs[1]).shape[0],
      form: node.op, usesBatchStatistics: attribute(node, "is_training")?.asBool ?? true)
  }

  private func attribute(_ node: Node, _ key: String) -> AttributeValue? {
    node.attributes[key] ?? node.signature?.attribute(key)?.defaultValue
  }

  func writtenOut(_ i: Int) -> BatchNormalizationNote? {
    guard let sum = operands(i, ["AddV2", "Add"]) else { return nil }
    for (a, b) in [(sum.0, sum.1), (sum.1, sum.0)] {
      guard let scaled = operands(a, ["Mul"]), let shifted = shift(b) else { continue }
      for (inverse, mean) in [(shifted.0, shifted.1), (shifted.1, shifted.0)] {
        let source = origin(inverse)
        guard source == origin(scaled.0) || source == origin(scaled.1),
          let found = inverseDeviation(inverse)
        else { continue }
        return BatchNormalizationNote(
          node: graph.nodes[i].name, epsilon: found.epsilon, channels: channels(inverse),
          form: "tf.nn.batch_normalization", usesBatchStatistics: isMean(mean))
      }
    }
    return nil
  }

  /// The factors of `mean·inv` in `offset − mean·inv` or `−(mean·inv)`.
  private func shift(_ value: ValueID) -> (ValueID, ValueID)? {
    let node = graph.nodes[Int(origin(value).node)]
    if node.op == "Sub", node.inputs.count == 2 { return operands(node.inputs[1], ["Mul"]) }
    if node.op == "Neg", node.inputs.count == 1 { return operands(node.inputs[0], ["Mul"]) }
    return nil
  }

  /// epsilon of `rsqrt(variance + epsilon)`, which a scale may multiply.
  private func inverseDeviation(_ value: ValueID) -> (epsilon: Double, variance: ValueID)? {
    if let factors = operands(value, ["Mul"]) {
      return rsqrt(factors.0) ?? rsqrt(factors.1)
    }
    return rsqrt(value)
  }

  private func rsqrt(_ value: ValueID) -> (epsilon: Double, variance: ValueID)? {
    let node = graph.nodes[Int(origin(value).node)]
    guard node.op == "Rsqrt", let sum = operands(node.inputs[0], ["AddV2", "Add"]) else { return nil }
    for (variance, epsilon) in [(sum.0, sum.1), (sum.1, sum.0)] {
      if let tensor = facts.fact(epsilon).value, tensor.count == 1, let e = tensor.doubles?.first {
        return (e, variance)
      }
    }
    return nil
  }

  private func isMean(_ value: ValueID) -> Bool {
    graph.nodes[Int(origin(value).node)].op == "Mean"
  }

  private func channels(_ value: ValueID) -> Int? {
    guard let d = facts.fact(value).shape.dimensions, let last = d.last, last >= 0 else { return nil }
    return last
  }

  private func operands(_ value: ValueID, _ ops: Set<String>) -> (ValueID, ValueID)? {
    operands(Int(origin(value).node), ops)
  }

  private func operands(_ node: Int, _ ops: Set<String>) -> (ValueID, ValueID)? {
    let node = graph.nodes[node]
    return ops.contains(node.op) && node.inputs.count == 2 ? (node.inputs[0], node.inputs[1]) : nil
  }

  /// The value behind ops that only pass it on.
  private func origin(_ value: ValueID) -> ValueID {
    var v = value
    for _ in 0..<16 {
      let node = graph.nodes[Int(v.node)]
      guard BatchNormalizationSearch.transparent.contains(node.op), let input = node.inputs.first
      else { break }
      v = input
    }
    return v
  }
}
