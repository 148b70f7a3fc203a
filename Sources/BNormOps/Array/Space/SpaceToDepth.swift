import BNormCore
import BNormTensor

/// Moves blocks of an image between space and channels.
struct SpaceToDepth: PlannedOperation {
  static let opNames = ["SpaceToDepth", "DepthToSpace"]
  private let block: Int
  private let toDepth: Bool
  private let format: String

  init(_ node: NodeContext) throws {
    block = try node.int("block_size")
    toDepth = node.op == "SpaceToDepth"
    format = try node.string("data_format")
  }

  var movesElements: Bool { true }

  /// Places of height, width and channels; the inner 4 channels of NCHW_VECT_C come last.
  private var places: (height: Int, width: Int, channels: Int, rank: Int) {
    switch format {
    case "NHWC": (1, 2, 3, 4)
    case "NCHW": (2, 3, 1, 4)
    default: (2, 3, 1, 5)
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let p = places
    try inputs[0].shape.requireRank(p.rank, "input 0")
    guard var dims = inputs[0].shape.dimensions else { return [.unknown(rank: p.rank)] }
    if format == "NCHW_VECT_C", dims[4] >= 0, dims[4] != 4 {
      throw BNormError.invalid("input 0 has shape \(inputs[0].shape), expected 4 inner channels")
    }
    func divided(_ d: Int, by divisor: Int, _ what: String) throws -> Int {
      guard d >= 0 else { return -1 }
      guard d % divisor == 0 else {
        throw BNormError.invalid(
          "input 0 has shape \(inputs[0].shape): \(what) \(d) is not a multiple of \(divisor)")
      }
      return d / divisor
    }
    func multiplied(_ d: Int, by factor: Int) throws -> Int {
      let (product, overflow) = d.multipliedReportingOverflow(by: factor)
      guard !overflow else { throw BNormError.invalid("attribute block_size is too large") }
      return d < 0 ? -1 : product
    }
    let square = try multiplied(block, by: block)
    if toDepth {
      dims[p.height] = try divided(dims[p.height], by: block, "height")
      dims[p.width] = try divided(dims[p.width], by: block, "width")
      dims[p.channels] = try multiplied(dims[p.channels], by: square)
    } else {
      dims[p.height] = try multiplied(dims[p.height], by: block)
      dims[p.width] = try multiplied(dims[p.width], by: block)
      dims[p.channels] = try divided(dims[p.channels], by: square, "depth")
    }
    return [PartialShape(dims)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let p = places
    let space = toDepth ? context.inputShape(0) : context.outputShape(0)
    let depth = toDepth ? context.outputShape(0) : context.inputShape(0)
    let (s, d) = (space.strides, depth.strides)
    let channels = space[p.channels]
    // Both sides as [batch, height, block, width, block, channels, inner].
    let dims = [
      space[0], depth[p.height], block, depth[p.width], block, channels, p.rank == 5 ? space[4] : 1,
    ]
    let inner = p.rank == 5 ? 1 : 0
    let spaceView = StridedView([
      s[0], s[p.height] * block, s[p.height], s[p.width] * block, s[p.width], s[p.channels], inner,
    ])
    let depthView = StridedView([
      d[0], d[p.height], d[p.channels] * block * channels, d[p.width], d[p.channels] * channels,
      d[p.channels], inner,
    ])
    let copy = try StridedCopy(
      size: context.inputDType(0).size, dims, from: toDepth ? spaceView : depthView,
      to: toDepth ? depthView : spaceView)
    return .run { io in copy.run(io.input(0), io.output(0)) }
  }
}
