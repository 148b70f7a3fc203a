import BNormCore
import BNormTensor

/// An activation spelled out in a graph: which nodes it takes, and what it is.
struct ActivationMatch {
  var nodes: Set<Int>
  /// The node that makes the result.
  var top: Int
  var activation: Epilogue.Activation
  var alpha = 0.0
  var beta = 0.0
}

/// Finds activations that graphs write as several nodes: swish, hard swish, GELU.
struct ActivationFinder {
  let live: LiveGraph

  /// The activation that makes something of `value` alone, and of the same shape.
  func find(_ value: ValueID) -> ActivationMatch? {
    guard let match = candidate(value), isExact(match, live.graph.fact(value).dtype) else {
      return nil
    }
    return match
  }

  /// Kernels have the numbers in single precision.
  private func isExact(_ match: ActivationMatch, _ dtype: DType) -> Bool {
    dtype == .float
      || [match.alpha, match.beta].allSatisfy { Double(Float($0)) == $0 || $0.isNaN }
  }

  private func candidate(_ value: ValueID) -> ActivationMatch? {
    if let user = live.onlyUser(value), let simple = single(user, value) { return simple }
    guard live.isInner(value) else { return nil }
    var seen = Set<Int>()
    for user in live.users(value) where seen.insert(user).inserted {
      if let match = product(above: user, value) { return match }
    }
    return nil
  }

  /// One node of one input.
  private func single(_ i: Int, _ value: ValueID) -> ActivationMatch? {
    let node = live.graph[i]
    func match(
      _ activation: Epilogue.Activation, _ alpha: Double = 0, _ beta: Double = 0
    ) -> ActivationMatch {
      ActivationMatch(nodes: [i], top: i, activation: activation, alpha: alpha, beta: beta)
    }
    switch node.op {
    case "Relu": return match(.relu)
    case "Relu6": return match(.relu6)
    case "Elu": return match(.elu, 1)
    case "Selu": return match(.selu)
    case "Sigmoid": return match(.sigmoid)
    case "Tanh": return match(.tanh)
    case "Softplus": return match(.softplus)
    case "Softsign": return match(.softsign)
    case "LeakyRelu":
      return (node.operation as? any ParameterizedActivation).map {
        match(.leakyRelu, Double($0.activationParameter))
      }
    case "ClipByValue":
      guard node.inputs.count == 3, node.inputs[0] == value, let low = live.scalar(node.inputs[1]),
        let high = live.scalar(node.inputs[2]), low <= high
      else { return nil }
      return match(.clamp, low, high)
    case "Minimum", "Maximum": return clamp(i, value)
    default: return nil
    }
  }

  /// Minimum(Maximum(x, low), high), or the other way round.
  private func clamp(_ i: Int, _ value: ValueID) -> ActivationMatch? {
    let first = live.graph[i]
    guard let a = constant(first, besides: value), let next = live.onlyUser(ValueID(i, 0)) else {
      return nil
    }
    let second = live.graph[next]
    guard ["Minimum", "Maximum"].contains(second.op), second.op != first.op,
      let b = constant(second, besides: ValueID(i, 0))
    else { return nil }
    let (low, high) = first.op == "Maximum" ? (a, b) : (b, a)
    guard low <= high else { return nil }
    return ActivationMatch(
      nodes: [i, next], top: next, activation: .clamp, alpha: low, beta: high)
  }

  /// The number that stands beside `value` and does not give it more dimensions.
  private func constant(_ node: PlanGraph.Node, besides value: ValueID) -> Double? {
    guard node.inputs.count == 2, let k = node.inputs.firstIndex(of: value),
      let rank = live.shape(node.inputs[1 - k])?.rank,
      rank <= live.graph.fact(value).shape.rank ?? 0
    else { return nil }
    return live.scalar(node.inputs[1 - k])
  }

  // MARK: Products

  /// A product taken apart: constants, other factors, and the nodes that multiply.
  private struct Factors {
    var constant = 1.0
    var others: [ValueID] = []
    var nodes: Set<Int> = []
  }

  private func product(above user: Int, _ value: ValueID) -> ActivationMatch? {
    var top = user
    for _ in 0..<8 {
      if ["Mul", "RealDiv"].contains(live.graph[top].op) {
        var factors = Factors()
        collect(ValueID(top, 0), isTop: true, value, &factors)
        if let match = match(factors, top, value) { return match }
      }
      guard let next = live.onlyUser(ValueID(top, 0)) else { return nil }
      top = next
    }
    return nil
  }

  private func collect(_ at: ValueID, isTop: Bool, _ value: ValueID, _ factors: inout Factors) {
    if let number = live.scalar(at) {
      factors.constant *= number
      return
    }
    let node = live.node(at)
    let isInner = isTop || live.onlyUser(at) != nil
    guard at != value, isInner, factors.nodes.count < 6, ["Mul", "RealDiv"].contains(live.op(at))
    else {
      factors.others.append(at)
      return
    }
    if node.op == "RealDiv" {
      guard let divisor = live.scalar(node.inputs[1]), divisor != 0 else {
        factors.others.append(at)
        return
      }
      factors.nodes.insert(Int(at.node))
      factors.constant /= divisor
      collect(node.inputs[0], isTop: false, value, &factors)
    } else {
      factors.nodes.insert(Int(at.node))
      for input in node.inputs { collect(input, isTop: false, value, &factors) }
    }
  }

  private func match(_ factors: Factors, _ top: Int, _ value: ValueID) -> ActivationMatch? {
    let gates = factors.others.filter { $0 != value }
    let isGated = factors.others.count == 2
    guard gates.count == 1, factors.others.count <= 2 else { return nil }
    var nodes = factors.nodes
    var result: ActivationMatch?
    if isGated, near(factors.constant, 1), live.op(gates[0]) == "Sigmoid",
      live.node(gates[0]).inputs[0] == value
    {
      nodes.insert(Int(gates[0].node))
      result = ActivationMatch(nodes: nodes, top: top, activation: .swish)
    } else if let shift = relu6(gates[0], value, &nodes), near(6 * factors.constant, 1) {
      result = ActivationMatch(
        nodes: nodes, top: top, activation: isGated ? .hardSwish : .hardSigmoid,
        alpha: factors.constant, beta: shift * factors.constant)
    } else if isGated, near(factors.constant, 0.5), errorFunction(gates[0], value, &nodes) {
      result = ActivationMatch(nodes: nodes, top: top, activation: .gelu)
    }
    guard let result, live.isClosed(result.nodes, top: top, over: value),
      live.graph.fact(ValueID(top, 0)).shape == live.graph.fact(value).shape
    else { return nil }
    return result
  }

  /// The `c` of Relu6(value + c).
  private func relu6(_ at: ValueID, _ value: ValueID, _ nodes: inout Set<Int>) -> Double? {
    guard live.op(at) == "Relu6" else { return nil }
    let sum = live.node(at).inputs[0]
    guard ["Add", "AddV2"].contains(live.op(sum)), let shift = constant(live.node(sum), besides: value)
    else { return nil }
    nodes.formUnion([Int(at.node), Int(sum.node)])
    return shift
  }

  /// 1 + Erf(value / sqrt(2))
  private func errorFunction(_ at: ValueID, _ value: ValueID, _ nodes: inout Set<Int>) -> Bool {
    guard ["Add", "AddV2"].contains(live.op(at)) else { return false }
    let inputs = live.node(at).inputs
    for (one, erf) in [(inputs[0], inputs[1]), (inputs[1], inputs[0])] {
      guard live.scalar(one) == 1, live.op(erf) == "Erf" else { continue }
      let argument = live.node(erf).inputs[0]
      let node = live.node(argument)
      guard ["Mul", "RealDiv"].contains(live.op(argument)),
        let number = constant(node, besides: value),
        node.op == "Mul" || node.inputs[0] == value,
        near(node.op == "Mul" ? number : 1 / number, 0.5.squareRoot())
      else { continue }
      nodes.formUnion([Int(at.node), Int(erf.node), Int(argument.node)])
      return true
    }
    return false
  }

  private func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 2e-7 * abs(b) }
}
