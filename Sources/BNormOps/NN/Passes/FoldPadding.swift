import BNormCore
import BNormTensor

/// Turns Pad with zeros before a convolution into padding of the convolution.
struct FoldPadding: SimplifyPass {
  let name = "fold-padding"

  func run(_ graph: inout PlanGraph) throws {
    guard graph.nodes.contains(where: { $0.op == "Pad" || $0.op == "PadV2" }) else { return }
    let live = LiveGraph(graph)
    for i in live.order {
      guard let value = graph[i].inputs.first, ["Pad", "PadV2"].contains(live.op(value)),
        live.onlyUser(value) == i, let pads = paddings(live.node(value), live)
      else { continue }
      if var convolution = graph[i].operation as? Convolution,
        convolution.geometry.batchDimensions == 1, extend(&convolution.geometry, pads)
      {
        graph.nodes[i].operation = convolution
      } else if var convolution = graph[i].operation as? DepthwiseConvolution,
        extend(&convolution.geometry, pads)
      {
        graph.nodes[i].operation = convolution
      } else {
        continue
      }
      graph.nodes[i].inputs[0] = live.node(value).inputs[0]
      graph.nodes[i].controls = live.controls([i, Int(value.node)])
    }
  }

  /// The constant paddings of a Pad node that adds zeros.
  private func paddings(_ node: PlanGraph.Node, _ live: LiveGraph) -> [Padding.PaddingPair]? {
    if node.op == "PadV2" {
      guard node.inputs.count == 3, live.scalar(node.inputs[2]) == 0 else { return nil }
    }
    guard node.inputs.count >= 2, let values = live.graph.constant(node.inputs[1])?.integers,
      values.count % 2 == 0, values.allSatisfy({ $0 >= 0 && $0 < 1 << 31 })
    else { return nil }
    return (0..<(values.count / 2)).map {
      Padding.PaddingPair(before: values[2 * $0], after: values[2 * $0 + 1])
    }
  }

  private func extend(_ geometry: inout ConvGeometry, _ pads: [Padding.PaddingPair]) -> Bool {
    let none = Padding.PaddingPair(before: 0, after: 0)
    let pads = geometry.layout.toLast(pads)
    guard pads.count == geometry.spatialRank + 2, pads[0] == none, pads[pads.count - 1] == none
    else { return false }
    var spatial = Array(pads[1..<(pads.count - 1)])
    switch geometry.padding {
    case .same: return false
    case .valid: break
    case .explicit(let pairs):
      for (d, pair) in pairs.enumerated() {
        spatial[d].before += pair.before
        spatial[d].after += pair.after
      }
    }
    geometry.padding = .explicit(spatial)
    return true
  }
}
