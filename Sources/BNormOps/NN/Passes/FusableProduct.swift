import BNormCore
import BNormTensor
import CBNormKernels

/// A product with weights that takes what follows it into its kernel.
protocol FusableProduct: PlannedOperation {
  var epilogue: Epilogue { get set }
  /// Factors of the outputs of constant float weights.
  var scale: Tensor? { get set }
  /// The dimension of the output's channels.
  func channelAxis(rank: Int) -> Int
  /// Its kernels can multiply the weights with factors when they are constant.
  var scalesWeights: Bool { get }
  /// Its kernel has an epilogue for these weights.
  func takesEpilogue(weights: Fact) -> Bool
}

extension FusableProduct {
  func takesEpilogue(weights: Fact) -> Bool { true }
}

extension Convolution: FusableProduct {
  func channelAxis(rank: Int) -> Int { geometry.layout == .channelsFirst ? 1 : rank - 1 }
  var scalesWeights: Bool { geometry.spatialRank == 2 && geometry.batchDimensions == 1 }
}

extension DepthwiseConvolution: FusableProduct {
  func channelAxis(rank: Int) -> Int { geometry.layout == .channelsFirst ? 1 : rank - 1 }
  var scalesWeights: Bool { true }
}

extension MatMul: FusableProduct {
  func channelAxis(rank: Int) -> Int { rank - 1 }
  var scalesWeights: Bool { !transposeA }
}

extension BatchMatMul: FusableProduct {
  func channelAxis(rank: Int) -> Int { rank - 1 }
  var scalesWeights: Bool { !adjointX }
  func takesEpilogue(weights: Fact) -> Bool {
    !adjointX && weights.shape.rank == 2 && weights.value != nil
  }
}

/// One number a channel: constant or made during the run.
enum ChannelVector {
  case constant([Double])
  case value(ValueID)
}

extension LiveGraph {
  /// `value` as one number for each of `channels` along dimension `axis` of tensors of rank `rank`.
  func vector(_ value: ValueID, channels: Int, axis: Int, rank: Int) -> ChannelVector? {
    guard let shape = shape(value), shape.rank <= rank else { return nil }
    if shape.count == 1, let number = scalar(value) {
      return .constant([Double](repeating: number, count: channels))
    }
    guard shape.count == channels else { return nil }
    let padded = [Int](repeating: 1, count: rank - shape.rank) + shape.dimensions
    for (d, size) in padded.enumerated() where size != (d == axis ? channels : 1) { return nil }
    if let tensor = graph.constant(value) {
      return tensor.doubles.map { .constant($0) }
    }
    return graph.fact(value).dtype == .float ? .value(value) : nil
  }

  /// Means, inverse deviations and gammas of a batch normalization with constant statistics, and
  /// its offsets: what it computes when TensorFlow has fused it with the convolution before it.
  ///
  /// - Parameter asWritten: Inverse deviations are divisions by roots, not estimates made better.
  func statistics(
    _ node: PlanGraph.Node, asWritten: Bool
  ) -> (statistics: [[Float]], offset: [Double])? {
    guard let operation = node.operation as? FusedBatchNorm else { return nil }
    let numbers = node.inputs[1...4].map { graph.constant($0)?.doubles ?? [] }
    let inverse =
      asWritten
      ? numbers[3].map { 1 / (Float($0) + operation.epsilon).squareRoot() }
      : ChannelFactors.inverse(variance: numbers[3], epsilon: operation.epsilon)
    return ([numbers[2].map { Float($0) }, inverse, numbers[0].map { Float($0) }], numbers[1])
  }

  /// Factor and summand of each channel of a batch normalization with constant statistics.
  func normalization(_ node: PlanGraph.Node) -> (scale: [Double], shift: [Double], layout: Layout)? {
    func numbers(_ i: Int) -> [Double]? {
      i < node.inputs.count ? graph.constant(node.inputs[i])?.doubles : nil
    }
    if let operation = node.operation as? FusedBatchNorm {
      guard !operation.isTraining, operation.epilogue.isNothing, let gamma = numbers(1),
        let beta = numbers(2), let mean = numbers(3), let variance = numbers(4)
      else { return nil }
      let (scale, shift) = ChannelFactors.make(
        scale: gamma, offset: beta, mean: mean, variance: variance, epsilon: operation.epsilon)
      return (scale, shift, operation.layout)
    }
    if let operation = node.operation as? GlobalNormalization {
      guard let mean = numbers(1), let variance = numbers(2), let beta = numbers(3),
        let gamma = numbers(4)
      else { return nil }
      let scale = mean.indices.map {
        (operation.scales ? gamma[$0] : 1)
          / (variance[$0] + Double(operation.epsilon)).squareRoot()
      }
      return (scale, scale.indices.map { beta[$0] - mean[$0] * scale[$0] }, .channelsLast)
    }
    return nil
  }
}

/// What a batch normalization with known statistics multiplies and adds, with the roundings of the
/// Rsqrt, Mul and Sub nodes that TensorFlow makes of it before it runs a graph.
enum ChannelFactors {
  static func make(
    scale: [Double], offset: [Double], mean: [Double], variance: [Double], epsilon: Float
  ) -> (scale: [Double], shift: [Double]) {
    var factors = inverse(variance: variance, epsilon: epsilon)
    for c in factors.indices { factors[c] *= Float(scale[c]) }
    let shift = factors.indices.map { c in
      let product = Float(mean[c]) * factors[c]
      return Double(Float(offset[c]) - product)
    }
    return (factors.map(Double.init), shift)
  }

  static func inverse(variance: [Double], epsilon: Float) -> [Float] {
    let sums = variance.map { Float($0) + epsilon }
    var inverse = [Float](repeating: 0, count: sums.count)
    bnk_unary(BNK_UNARY_RSQRT, BNK_FLOAT)!(sums, &inverse, sums.count)
    return inverse
  }
}
