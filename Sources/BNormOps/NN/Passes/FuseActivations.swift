import BNormCore
import BNormTensor

/// Turns activations that graphs write as several nodes (swish, hard swish, GELU, clamp) into one
/// pass over memory where no kernel before them takes them in.
struct FuseActivations: SimplifyPass {
  let name = "fuse-activations"

  /// Ops that such an activation has at its heart.
  private static let seeds: Set<String> = ["Sigmoid", "Relu6", "Erf", "Minimum", "Maximum"]

  func run(_ graph: inout PlanGraph) throws {
    let candidates = candidates(graph)
    guard !candidates.isEmpty else { return }
    let live = LiveGraph(graph)
    let finder = ActivationFinder(live: live)
    var taken = Set<Int>()
    var replacements: [ValueID: ValueID] = [:]
    for i in live.order {
      for port in graph[i].outputs.indices where graph[i].outputs[port].dtype == .float {
        let value = ValueID(i, port)
        guard candidates.contains(value), graph.constant(value) == nil,
          let match = finder.find(value), match.nodes.count > 1, match.nodes.isDisjoint(with: taken)
        else { continue }
        let top = graph[match.top]
        guard top.outputs[0].dtype == .float, top.outputs[0].shape == graph.fact(value).shape else {
          continue
        }
        taken.formUnion(match.nodes)
        var epilogue = Epilogue.none
        epilogue.activation = match.activation
        epilogue.alpha = Float(match.alpha)
        epilogue.beta = Float(match.beta)
        let made = try graph.add(
          FusedActivation(epilogue: epilogue), op: top.op, name: top.name, inputs: [value],
          dtypes: [.float], source: top.source)
        graph.nodes[made].controls = live.controls(match.nodes)
        replacements[ValueID(match.top, 0)] = ValueID(made, 0)
      }
    }
    graph.replace(replacements)
  }

  /// What the seeds read, and what the nodes before them read.
  private func candidates(_ graph: PlanGraph) -> Set<ValueID> {
    var found: Set<ValueID> = []
    for i in graph.nodes.indices where FuseActivations.seeds.contains(graph[i].op) {
      for input in graph[i].inputs {
        found.insert(input)
        found.formUnion(graph[Int(input.node)].inputs)
      }
    }
    return found
  }
}
