import BNormCore
import BNormTensor

/// Tells the convolutions that no normalization follows that they may round as they like.
///
/// A normalization divides by the deviation of its input, and so enlarges the rounding errors of
/// what comes before; with many of them in a row a network's result shows every difference.
struct MarkRounding: SimplifyPass {
  let name = "mark-rounding"

  func run(_ graph: inout PlanGraph) throws {
    let live = LiveGraph(graph)
    var isNormalized = Set<Int32>()
    for i in live.order.reversed() {
      guard isNormalized.contains(Int32(i)) || normalizes(i, live) else { continue }
      for input in graph[i].inputs { isNormalized.insert(input.node) }
    }
    for i in live.order where !isNormalized.contains(Int32(i)) {
      guard var convolution = graph[i].operation as? Convolution else { continue }
      convolution.mayRound = true
      graph.nodes[i].operation = convolution
    }
  }

  /// Whether node `i` is a normalization or a part of one.
  private func normalizes(_ i: Int, _ live: LiveGraph) -> Bool {
    let node = live.graph[i]
    guard case .operation = node.role else { return false }
    if node.op.contains("BatchNorm") || ["Rsqrt", "Sqrt", "LRN"].contains(node.op) { return true }
    guard ["Mul", "RealDiv"].contains(node.op), node.inputs.count == 2 else { return false }
    return node.inputs.contains { (live.graph.constant($0)?.count ?? 0) > 1 }
  }
}
