import BNormCore
import BNormTensor

/// Turns Mean, SquaredDifference, Mean over all but the channels (`tf.nn.moments`) into one pass.
struct FuseMoments: SimplifyPass {
  let name = "fuse-moments"

  func run(_ graph: inout PlanGraph) throws {
    let live = LiveGraph(graph)
    var replacements: [ValueID: ValueID] = [:]
    for i in live.order where graph[i].op == "Mean" {
      guard let match = match(i, live) else { continue }
      let shapes = [graph.fact(match.mean).shape, graph[i].outputs[0].shape]
      let made = try graph.add(
        ChannelMoments(outputs: shapes), op: "_ChannelMoments", name: graph[i].name,
        inputs: [match.x], dtypes: [.float, .float], source: graph[i].source)
      graph.nodes[made].controls = live.controls(match.nodes)
      replacements[match.mean] = ValueID(made, 0)
      replacements[ValueID(i, 0)] = ValueID(made, 1)
    }
    graph.replace(replacements)
  }

  private func match(_ i: Int, _ live: LiveGraph) -> (x: ValueID, mean: ValueID, nodes: [Int])? {
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
        reducesAllButLast(live.node(mean).inputs[1], shape, graph),
        reducesAllButLast(variance.inputs[1], shape, graph)
      else { continue }
      // Otherwise the order of the two would matter.
      guard live.node(mean).controls.isEmpty else { return nil }
      return (x, mean, [i, Int(squares.node)])
    }
    return nil
  }

  private func reducesAllButLast(_ axes: ValueID, _ shape: Shape, _ graph: PlanGraph) -> Bool {
    guard let values = graph.constant(axes)?.integers else { return false }
    let reduced = Set(values.map { $0 < 0 ? $0 + shape.rank : $0 })
    return reduced == Set(0..<(shape.rank - 1))
  }
}
