import BNormCore
import BNormTensor

/// Adds elements of one value around a tensor: zero, or input 2 of PadV2.
struct Pad: PlannedOperation {
  static let opNames = ["Pad", "PadV2"]
  private let hasValue: Bool

  init(_ node: NodeContext) throws { hasValue = node.op == "PadV2" }

  var valueInputs: [Int] { [1] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let rank = try Paddings.rank(of: inputs[1], for: inputs[0], "input 1 (paddings)")
    if hasValue { try inputs[2].requireScalar("input 2 (constant_values)") }
    guard let integers = inputs[1].integers else { return [.unknown(rank: rank)] }
    let paddings = try Paddings(integers, "input 1 (paddings)")
    guard let dims = inputs[0].shape.dimensions else { return [.unknown(rank: rank)] }
    return [try paddings.around(dims)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let out = context.outputShape(0)
    let size = context.inputDType(0).size
    if shape == out { return .alias(input: 0) }
    let paddings = try Paddings(context.integers(1), "input 1 (paddings)")
    let strides = out.strides
    let inner = zip(paddings.before, strides).reduce(0) { $0 + $1.0 * $1.1 }
    let body =
      shape.count == 0
      ? nil
      : try StridedCopy(
        size: size, shape.dimensions, from: StridedView(shape.strides),
        to: StridedView(offset: inner, strides))
    let border = out.count == 0 ? [] : try Pad.border(shape, out, paddings, size: size)
    let zero = [UInt8](repeating: 0, count: size)
    let hasValue = hasValue
    return .run { io in
      body?.run(io.input(0), io.output(0))
      zero.withUnsafeBytes { zero in
        for slab in border { slab.run(hasValue ? io.input(2) : zero.baseAddress!, io.output(0)) }
      }
    }
  }

  /// The slabs around the body: for each dimension those before and after, inside the body for
  /// earlier dimensions and whole for later ones.
  private static func border(
    _ shape: Shape, _ out: Shape, _ paddings: Paddings, size: Int
  ) throws -> [StridedCopy] {
    let strides = out.strides
    var copies: [StridedCopy] = []
    var start = 0
    for d in 0..<shape.rank {
      for (from, count) in [
        (0, paddings.before[d]), (paddings.before[d] + shape[d], paddings.after[d]),
      ] where count > 0 {
        var dims = out.dimensions
        for i in 0..<d { dims[i] = shape[i] }
        dims[d] = count
        copies.append(
          try StridedCopy(
            size: size, dims, from: StridedView(dims.map { _ in 0 }),
            to: StridedView(offset: start + from * strides[d], strides)))
      }
      start += paddings.before[d] * strides[d]
    }
    return copies
  }
}
