import BNormCore
import BNormTensor

/// A convolution with two or three spatial dimensions, with what was fused into it.
///
/// Inputs: images, filter [spatial…, channels / groups, outputs], then those of the epilogue.
struct Convolution: PlannedOperation {
  static let opNames = ["Conv2D", "Conv3D", "Conv"]
  var geometry: ConvGeometry
  var epilogue = Epilogue.none
  /// Factors of the outputs of a constant float filter: what was folded into the weights.
  var scale: Tensor?
  /// Means, inverse deviations and gammas of a batch normalization of the outputs, each as many as
  /// outputs.
  var statistics: Tensor?
  /// The product with gamma and the sum with the offset are rounded once.
  var fusesOffset = false
  /// No normalization follows that would enlarge rounding errors.
  var mayRound = false
  /// The number of groups that `Conv` names; the others let it follow from the channels.
  private var groups: Int?

  init(_ node: NodeContext) throws {
    switch node.op {
    case "Conv2D": geometry = try ConvGeometry(node, rank: 4)
    case "Conv3D":
      geometry = try ConvGeometry(node, rank: 5)
      groups = 1
    default:
      let rank = try node.ints("strides").count
      guard rank == 4 || rank == 5 else {
        throw BNormError.unsupported(
          "attribute strides has \(rank) elements; 2 or 3 spatial dimensions are possible")
      }
      geometry = try ConvGeometry(node, rank: rank)
      geometry.batchDimensions = try node.int("batch_dims")
      guard geometry.batchDimensions > 0, geometry.batchDimensions < 250 else {
        throw BNormError.invalid("attribute batch_dims is \(geometry.batchDimensions)")
      }
      groups = try node.int("groups")
      guard groups! > 0 else { throw BNormError.invalid("attribute groups is \(groups!)") }
    }
  }

  init(geometry: ConvGeometry, epilogue: Epilogue) {
    self.geometry = geometry
    self.epilogue = epilogue
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let rank = geometry.spatialRank + 2
    try inputs[0].shape.requireRank(rank - 1 + geometry.batchDimensions, "input 0 (input)")
    try inputs[1].shape.requireRank(rank, "input 1 (filter)")
    let input = toLast(inputs[0].shape)
    guard let input else { return [.unknown(rank: rank - 1 + geometry.batchDimensions)] }
    let filter = inputs[1].shape.dimensions ?? [Int](repeating: -1, count: rank)
    if let groups, let channels = input.last, channels >= 0, filter[rank - 2] >= 0 {
      guard filter[rank - 2] * groups == channels else {
        throw BNormError.invalid(
          "input 1 (filter) has shape \(inputs[1].shape), but input 0 has \(channels) channels"
            + (groups == 1 ? "" : " in \(groups) groups"))
      }
    }
    let out = try geometry.output(input: input, filter: filter)
    if epilogue.hasBias, let bias = inputs[2].shape.full, let n = out.last, n >= 0 {
      guard bias.count == n, bias.rank <= 1 || bias[bias.rank - 1] == n else {
        throw BNormError.invalid("input 2 (bias) has shape \(bias), expected [\(n)]")
      }
    }
    return [PartialShape(fromLast(out))]
  }

  /// With several batch dimensions channels come last.
  private func toLast(_ shape: PartialShape) -> [Int]? {
    guard let d = shape.dimensions else { return nil }
    guard geometry.layout == .channelsFirst else { return d }
    let b = geometry.batchDimensions
    return Array(d[0..<b] + d[(b + 1)...] + [d[b]])
  }
  private func fromLast(_ d: [Int]) -> [Int] {
    guard geometry.layout == .channelsFirst else { return d }
    let b = geometry.batchDimensions
    return Array(d[0..<b] + [d[d.count - 1]] + d[b..<(d.count - 1)])
  }

  func lower(_ context: Lowering) throws -> Kernel {
    // Several batch dimensions are one.
    var context = context
    var geometry = geometry
    if geometry.batchDimensions > 1 {
      let b = geometry.batchDimensions
      func flat(_ fact: Fact) -> Fact {
        let d = fact.shape.dimensions!
        return Fact(fact.dtype, PartialShape([d[0..<b].reduce(1, *)] + d[b...]))
      }
      var inputs = context.inputs
      inputs[0] = flat(inputs[0])
      context = context.replacing(inputs: inputs, outputs: context.outputs.map(flat))
      geometry.batchDimensions = 1
    }
    let residual = epilogue.hasResidual ? [epilogue.hasBias ? 3 : 2] : []
    return try geometry.layout.lower(context, inputs: [0] + residual, outputs: [0]) { context in
      try HalfBridge.lower(context) { context in
        let window = try geometry.window(
          input: context.inputShape(0).dimensions, filter: context.inputShape(1).dimensions)
        let fast = FastConvolution(
          window: window, epilogue: epilogue, scale: scale, statistics: statistics,
          fusesOffset: fusesOffset, mayRound: mayRound)
        if let kernel = fast.kernel(context) { return kernel }
        return try context.inputDType(0).visitGemm(
          ConvForward(window: window, epilogue: epilogue))
      }
    }
  }
}

extension PartialShape {
  /// `rank` unknown dimensions; unknown altogether if `rank` is.
  static func unknown(rank: Int?) -> PartialShape {
    rank.map { PartialShape.unknown(rank: $0) } ?? .unknown
  }
}
