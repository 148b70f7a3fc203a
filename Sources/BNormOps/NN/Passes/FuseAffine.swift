import BNormCore
import BNormTensor

/// Turns x * scale + shift into one pass over memory where both have some neighbouring dimensions
/// of x: batch normalization of planes or over the batch only, and layer normalization.
struct FuseAffine: SimplifyPass {
  let name = "fuse-affine"

  /// Smaller tensors gain nothing.
  private static let minimumCount = 1024

  func run(_ graph: inout PlanGraph) throws {
    let live = LiveGraph(graph)
    var replacements: [ValueID: ValueID] = [:]
    for i in live.order where ["Add", "AddV2"].contains(graph[i].op) {
      guard let match = match(i, live) else { continue }
      let top = graph[i]
      let made = try graph.add(
        PlaneAffine(kept: match.kept), op: "BatchNormalization", name: top.name,
        inputs: [match.x, match.scale, match.shift], dtypes: [top.outputs[0].dtype],
        source: top.source)
      graph.nodes[made].controls = live.controls([i, match.product])
      replacements[ValueID(i, 0)] = ValueID(made, 0)
    }
    graph.replace(replacements)
  }

  private struct Match {
    let x: ValueID
    let scale: ValueID
    let shift: ValueID
    let kept: Range<Int>
    let product: Int
  }

  private func match(_ i: Int, _ live: LiveGraph) -> Match? {
    let sum = live.graph[i]
    guard case .operation = sum.role, sum.inputs.count == 2,
      PlaneAffine.dtypes.contains(sum.outputs[0].dtype),
      let shape = sum.outputs[0].shape.full, shape.count >= FuseAffine.minimumCount
    else { return nil }
    for (product, shift) in [(sum.inputs[0], sum.inputs[1]), (sum.inputs[1], sum.inputs[0])] {
      guard live.op(product) == "Mul", live.onlyUser(product) == i, live.shape(product) == shape
      else { continue }
      let factors = live.node(product).inputs
      for (x, scale) in [(factors[0], factors[1]), (factors[1], factors[0])] {
        guard live.shape(x) == shape, let kept = kept(scale, of: shape, live),
          kept == self.kept(shift, of: shape, live)
        else { continue }
        return Match(x: x, scale: scale, shift: shift, kept: kept, product: Int(product.node))
      }
    }
    return nil
  }

  /// The neighbouring dimensions of `shape` that `value` has; it has 1 for the others.
  private func kept(_ value: ValueID, of shape: Shape, _ live: LiveGraph) -> Range<Int>? {
    guard let own = live.shape(value), own.rank <= shape.rank, own.count > 1,
      own.count < shape.count
    else { return nil }
    let padded = [Int](repeating: 1, count: shape.rank - own.rank) + own.dimensions
    guard let first = padded.firstIndex(where: { $0 > 1 }),
      let last = padded.lastIndex(where: { $0 > 1 })
    else { return nil }
    for d in 0..<shape.rank {
      guard padded[d] == (first...last ~= d ? shape[d] : 1) else { return nil }
    }
    return first..<(last + 1)
  }
}
