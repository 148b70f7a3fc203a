import BNormCore
import BNormTensor

/// What follows a value step by step, as far as one kernel can do it: a factor and a summand for
/// each channel, another tensor, an activation.
struct FusionChain {
  let live: LiveGraph
  let finder: ActivationFinder
  let channels: Int
  let axis: Int
  let shape: PartialShape
  let dtype: DType
  /// The kernel multiplies channels with constants, or with values.
  let scalesByConstants: Bool
  let scalesByValues: Bool
  let addsTensors: Bool

  private(set) var current: ValueID
  private(set) var nodes: Set<Int> = []
  private(set) var scale: ChannelVector?
  private(set) var shift: ChannelVector?
  /// The kernel normalizes with means, inverse deviations and gammas.
  let normalizes: Bool
  private(set) var statistics: [[Float]]?
  private(set) var fusesOffset = false
  private(set) var residual: ValueID?
  private(set) var epilogue = Epilogue.none

  init(
    _ live: LiveGraph, at value: ValueID, axis: Int, scalesByConstants: Bool, scalesByValues: Bool,
    normalizes: Bool = false, addsTensors: Bool
  ) {
    self.live = live
    finder = ActivationFinder(live: live)
    shape = live.graph.fact(value).shape
    dtype = live.graph.fact(value).dtype
    channels = shape[axis] ?? 0
    self.axis = axis
    self.scalesByConstants = scalesByConstants
    self.scalesByValues = scalesByValues
    self.normalizes = normalizes
    self.addsTensors = addsTensors
    current = value
  }

  /// Takes in what follows, until something does not fit or belongs to `taken`.
  mutating func grow(avoiding taken: Set<Int>) {
    while nodes.count < 64 {
      if epilogue.activation == .none, let match = finder.find(current),
        match.nodes.isDisjoint(with: taken)
      {
        epilogue.activation = match.activation
        epilogue.alpha = Float(match.alpha)
        epilogue.beta = Float(match.beta)
        advance(match.top, match.nodes)
        continue
      }
      guard let user = live.onlyUser(current), !taken.contains(user),
        absorbAffine(user) || absorbTensor(user)
      else { return }
    }
  }

  private mutating func advance(_ top: Int, _ taken: Set<Int>) {
    nodes.formUnion(taken)
    current = ValueID(top, 0)
  }

  // MARK: Factors and summands of channels

  /// Takes node `i` in if it multiplies or adds channel by channel.
  mutating func absorbAffine(_ i: Int) -> Bool {
    guard epilogue.activation == .none, residual == nil, channels > 0, let rank = shape.rank,
      live.graph[i].outputs.first?.dtype == dtype
    else { return false }
    let node = live.graph[i]
    if let known = live.normalization(node) {
      guard node.inputs[0] == current, scalesByConstants, known.scale.count == channels,
        (known.layout == .channelsFirst ? 1 : rank - 1) == axis,
        node.outputs.indices.dropFirst().allSatisfy({
          live.users(ValueID(i, $0)).isEmpty && live.isInner(ValueID(i, $0))
        })
      else { return false }
      // TensorFlow fuses with the convolution; when that has a bias, with the activation, or else
      // folds into the weights.
      let hasBias = shift != nil
      let follower = live.onlyUser(ValueID(i, 0)).map { live.graph[$0].op }
      fusesOffset = hasBias && follower == "Relu"
      if normalizes, scale == nil, isZero(shift), !hasBias || fusesOffset,
        let separate = live.statistics(node, asWritten: fusesOffset)
      {
        statistics = separate.statistics
        shift = .constant(separate.offset)
      } else {
        guard multiply(known.scale), add(.constant(known.shift), sign: 1) else { return false }
      }
      advance(i, [i])
      return true
    }
    guard node.inputs.count == 2, node.outputs[0].shape == shape else { return false }
    let isFirst = node.inputs[0] == current
    guard isFirst != (node.inputs[1] == current) else { return false }
    let other = node.inputs[isFirst ? 1 : 0]
    guard let vector = live.vector(other, channels: channels, axis: axis, rank: rank) else {
      return biasAdd(i, node, other, isFirst: isFirst, rank: rank)
    }
    if case .value = vector, !scalesByValues, live.shape(other)?.dimensions.last != channels {
      return false
    }
    let fits: Bool
    switch node.op {
    case "Add", "AddV2": fits = add(vector, sign: 1)
    case "BiasAdd", "BiasAddV1": return biasAdd(i, node, other, isFirst: isFirst, rank: rank)
    case "Sub":
      if isFirst {
        fits = add(vector, sign: -1)
      } else {
        guard case .constant = vector, canAdd(vector), scalesByConstants,
          multiply([Double](repeating: -1, count: channels))
        else { return false }
        fits = add(vector, sign: 1)
      }
    case "Mul":
      switch vector {
      case .constant(let factors): fits = scalesByConstants && multiply(factors)
      case .value:
        guard scalesByValues, scale == nil, shift == nil else { return false }
        scale = vector
        fits = true
      }
    case "RealDiv":
      guard isFirst, scalesByConstants, case .constant(let divisors) = vector else { return false }
      fits = multiply(divisors.map { 1 / $0 })
    default: fits = false
    }
    if fits { advance(i, [i]) }
    return fits
  }

  /// BiasAdd names its channels by layout, not by broadcasting.
  private mutating func biasAdd(
    _ i: Int, _ node: PlanGraph.Node, _ other: ValueID, isFirst: Bool, rank: Int
  ) -> Bool {
    guard isFirst, let operation = node.operation as? BiasAdd,
      BiasAdd.axis(operation.layout, rank: rank) == axis,
      let vector = live.vector(other, channels: channels, axis: 0, rank: 1),
      add(vector, sign: 1)
    else { return false }
    advance(i, [i])
    return true
  }

  private func isZero(_ vector: ChannelVector?) -> Bool {
    switch vector {
    case nil: true
    case .constant(let numbers): numbers.allSatisfy { $0 == 0 }
    case .value: false
    }
  }

  private mutating func multiply(_ factors: [Double]) -> Bool {
    guard statistics == nil else { return false }
    if case .value = scale { return false }
    if case .value = shift { return false }
    var product = factors
    if case .constant(let old) = scale { product = zip(old, factors).map(*) }
    guard product.allSatisfy({ Float($0).isFinite }) else { return false }
    scale = .constant(product)
    if case .constant(let old) = shift { shift = .constant(zip(old, factors).map(*)) }
    return true
  }

  private func canAdd(_ vector: ChannelVector) -> Bool {
    switch (shift, vector) {
    case (nil, _), (.constant, .constant): true
    default: false
    }
  }

  private mutating func add(_ vector: ChannelVector, sign: Double) -> Bool {
    guard canAdd(vector) else { return false }
    switch vector {
    case .constant(let numbers):
      let signed = numbers.map { $0 * sign }
      if case .constant(let old) = shift {
        shift = .constant(zip(old, signed).map(+))
      } else {
        shift = .constant(signed)
      }
    case .value:
      guard sign == 1 else { return false }
      shift = vector
    }
    return true
  }

  // MARK: Another tensor

  private mutating func absorbTensor(_ i: Int) -> Bool {
    let node = live.graph[i]
    guard addsTensors, residual == nil, ["Add", "AddV2"].contains(node.op), node.inputs.count == 2,
      node.inputs[0] != node.inputs[1], let full = shape.full,
      node.outputs.first?.shape.full == full
    else { return false }
    let other = node.inputs[node.inputs[0] == current ? 1 : 0]
    guard live.shape(other) == full, live.graph.fact(other).dtype == dtype else { return false }
    residual = other
    epilogue.residualLast = epilogue.activation != .none
    advance(i, [i])
    return true
  }
}
