import BNormCore
import BNormTensor

/// Takes bias, batch normalization, activation and residual sums into the kernel of the convolution
/// or matrix product before them; what is left of batch normalizations becomes one pass over memory.
struct FuseChains: SimplifyPass {
  let name = "fuse-chains"

  func run(_ graph: inout PlanGraph) throws {
    let live = LiveGraph(graph)
    var taken = Set<Int>()
    var replacements: [ValueID: ValueID] = [:]
    for i in live.order {
      guard let product = graph[i].operation as? any FusableProduct, product.epilogue.isNothing,
        product.scale == nil, product.takesEpilogue(weights: graph.fact(graph[i].inputs[1])),
        let rank = graph[i].outputs[0].shape.rank,
        [.float, .double].contains(graph[i].outputs[0].dtype)
      else { continue }
      let isFloat = graph[i].outputs[0].dtype == .float
      let weights = graph.constant(graph[i].inputs[1])
      var chain = FusionChain(
        live, at: ValueID(i, 0), axis: product.channelAxis(rank: rank),
        scalesByConstants: isFloat && product.scalesWeights && (weights?.count ?? 0) > 0,
        scalesByValues: false, normalizes: normalizes(product, weights), addsTensors: true)
      chain.grow(avoiding: taken)
      guard !chain.nodes.isEmpty else { continue }
      taken.formUnion(chain.nodes)
      taken.insert(i)
      replacements[chain.current] = try fuse(product, i, chain, &graph)
    }
    for i in live.order where !taken.contains(i) {
      guard let chain = affine(i, live, taken) else { continue }
      taken.formUnion(chain.chain.nodes)
      replacements[chain.chain.current] = try makeAffine(i, chain.x, chain.chain, &graph)
    }
    graph.replace(replacements)
  }

  /// A depthwise convolution takes factors, and so does what is no convolution.
  private func normalizes(_ product: any FusableProduct, _ weights: Tensor?) -> Bool {
    guard product is Convolution, product.scalesWeights, let shape = weights?.shape else {
      return false
    }
    return shape.rank == 4 && shape[2] > 1
  }

  private func fuse(
    _ product: any FusableProduct, _ i: Int, _ chain: FusionChain, _ graph: inout PlanGraph
  ) throws -> ValueID {
    var operation = product
    var inputs = Array(graph[i].inputs.prefix(2))
    let top = graph[Int(chain.current.node)]
    operation.epilogue = chain.epilogue
    if case .constant(let factors) = chain.scale {
      operation.scale = Tensor(factors.map { Float($0) })
    }
    if let statistics = chain.statistics, var convolution = operation as? Convolution {
      convolution.statistics = Tensor(statistics.flatMap { $0 })
      convolution.fusesOffset = chain.fusesOffset
      operation = convolution
    }
    if let shift = chain.shift {
      operation.epilogue.hasBias = true
      inputs.append(vector(shift, chain.dtype, top.name, &graph))
    }
    if let residual = chain.residual {
      operation.epilogue.hasResidual = true
      inputs.append(residual)
    }
    let made = try graph.add(
      operation, op: graph[i].op, name: top.name, inputs: inputs, dtypes: [chain.dtype],
      source: top.source)
    graph.nodes[made].controls = chain.live.controls(chain.nodes.union([i]))
    return ValueID(made, 0)
  }

  // MARK: Batch normalization by itself

  /// The chain that begins with node `i`, if it is worth a kernel of its own.
  private func affine(
    _ i: Int, _ live: LiveGraph, _ taken: Set<Int>
  ) -> (x: ValueID, chain: FusionChain)? {
    let node = live.graph[i]
    guard case .operation = node.role, node.outputs.first?.dtype == .float else { return nil }
    let isNormalization = live.normalization(node) != nil
    guard isNormalization || ["Mul", "BiasAdd"].contains(node.op) else { return nil }
    for x in isNormalization || node.op == "BiasAdd" ? node.inputs.prefix(1) : node.inputs[...] {
      guard let shape = live.shape(x), shape.rank >= 2, live.graph.constant(x) == nil,
        live.graph.fact(x).dtype == .float
      else { continue }
      var chain = FusionChain(
        live, at: x, axis: shape.rank - 1, scalesByConstants: true, scalesByValues: true,
        addsTensors: false)
      guard chain.absorbAffine(i) else { continue }
      chain.grow(avoiding: taken)
      let isWorth = isNormalization || chain.nodes.count > 1
      guard isWorth, isNormalization || chain.channels >= 4, shape.count > chain.channels else {
        continue
      }
      return (x, chain)
    }
    return nil
  }

  private func makeAffine(
    _ i: Int, _ x: ValueID, _ chain: FusionChain, _ graph: inout PlanGraph
  ) throws -> ValueID {
    let top = graph[Int(chain.current.node)]
    let ones = ChannelVector.constant([Double](repeating: 1, count: chain.channels))
    let zeros = ChannelVector.constant([Double](repeating: 0, count: chain.channels))
    let scale = vector(chain.scale ?? ones, .float, top.name, &graph)
    let shift = vector(chain.shift ?? zeros, .float, top.name, &graph)
    let made = try graph.add(
      ChannelAffine(epilogue: chain.epilogue), op: "BatchNormalization", name: top.name,
      inputs: [x, scale, shift], dtypes: [.float], source: top.source)
    graph.nodes[made].controls = chain.live.controls(chain.nodes)
    return ValueID(made, 0)
  }

  private func vector(
    _ vector: ChannelVector, _ dtype: DType, _ name: String, _ graph: inout PlanGraph
  ) -> ValueID {
    switch vector {
    case .value(let value): return value
    case .constant(let numbers):
      let tensor = dtype == .double ? Tensor(numbers) : Tensor(numbers.map { Float($0) })
      return graph.addConstant(tensor, name: name)
    }
  }
}
