import BNormCore
import BNormTensor

/// Turns Mean, SquaredDifference, Mean (`tf.nn.moments`) over all but some neighbouring dimensions
/// into one pass over memory, which reads half-precision values as they are.
struct FuseMoments: SimplifyPass {
  let name = "fuse-moments"

  func run(_ graph: inout PlanGraph) throws {
    guard graph.nodes.contains(where: { $0.op == "SquaredDifference" }) else { return }
    let live = LiveGraph(graph)
    var replacements: [ValueID: ValueID] = [:]
    for i in live.order where graph[i].op == "Mean" {
      guard let match = match(i, live) else { continue }
      let shapes = [graph.fact(match.mean).shape, graph[i].outputs[0].shape]
      let made = try graph.add(
        ChannelMoments(outputs: shapes, kept: match.kept), op: "_ChannelMoments",
        name: graph[i].name, inputs: [match.x], dtypes: [.float, .float], source: graph[i].source)
      graph.nodes[made].controls = live.controls(match.nodes)
      replacements[match.mean] = ValueID(made, 0)
      replacements[ValueID(i, 0)] = ValueID(made, 1)
    }
    graph.replace(replacements)
  }

  private struct Match {
    let x: ValueID
    let mean: ValueID
    let kept: Range<Int>
    let nodes: [Int]
  }

  private func match(_ i: Int, _ live: LiveGraph) -> Match? {
    let graph = live.graph
    let variance = graph[i]
    guard variance.inputs.count == 2, variance.outputs[0].dtype == .float else { return nil }
    let squares = variance.inputs[0]
    guard live.op(squares) == "SquaredDifference", live.onlyUser(squares) != nil,
      live.node(squares).inputs.count == 2
    else { return nil }
    let pair = live.node(squares).inputs
    for (x, mean) in [(pair[0], pair[1]), (pair[1], pair[0])] {
      guard live.op(mean) == "Mean", live.node(mean).inputs.count == 2,
        live.node(mean).inputs[0] == x, let shape = live.shape(x), shape.rank >= 2, shape.count > 0,
        let kept = kept(live.node(mean).inputs[1], shape, graph),
        kept == self.kept(variance.inputs[1], shape, graph),
        // The means meet the values of their own channels.
        live.shape(mean)?.rank == shape.rank || kept.upperBound == shape.rank
      else { continue }
      // Otherwise the order of the two would matter.
      guard live.node(mean).controls.isEmpty else { return nil }
      return Match(x: narrow(x, live), mean: mean, kept: kept, nodes: [i, Int(squares.node)])
    }
    return nil
  }

  /// What `x` is converted from, if moments can be taken of that.
  private func narrow(_ x: ValueID, _ live: LiveGraph) -> ValueID {
    guard live.op(x) == "Cast", live.node(x).controls.isEmpty,
      let source = live.node(x).inputs.first,
      [.half, .bfloat16].contains(live.graph.fact(source).dtype),
      live.shape(source) == live.shape(x)
    else { return x }
    return source
  }

  /// The dimensions besides the reduced ones, if they are neighbours.
  private func kept(_ axes: ValueID, _ shape: Shape, _ graph: PlanGraph) -> Range<Int>? {
    guard let values = graph.constant(axes)?.integers else { return nil }
    let reduced = Set(values.map { $0 < 0 ? $0 + shape.rank : $0 })
    let kept = (0..<shape.rank).filter { !reduced.contains($0) }
    guard let first = kept.first, let last = kept.last, last - first == kept.count - 1,
      !reduced.isEmpty
    else { return nil }
    return first..<(last + 1)
  }
}
