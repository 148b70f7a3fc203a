import BNormCore
import BNormTensor
import CBNormKernels

/// Adds elements around a tensor by mirroring it, with its border (SYMMETRIC) or without (REFLECT).
struct MirrorPad: PlannedOperation {
  static let opNames = ["MirrorPad"]
  private let mirror: Mirror

  init(_ node: NodeContext) throws { mirror = try Mirror(node) }

  var valueInputs: [Int] { [1] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let rank = try Paddings.rank(of: inputs[1], for: inputs[0], "input 1 (paddings)")
    guard let integers = inputs[1].integers else { return [.unknown(rank: rank)] }
    let paddings = try Paddings(integers, "input 1 (paddings)")
    guard let dims = inputs[0].shape.dimensions else { return [.unknown(rank: rank)] }
    try mirror.check(dims, paddings)
    return [try paddings.around(dims)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let out = context.outputShape(0)
    let size = context.inputDType(0).size
    if shape == out { return .alias(input: 0) }
    let paddings = try Paddings(context.integers(1), "input 1 (paddings)")
    let strides = out.strides
    var start = zip(paddings.before, strides).reduce(0) { $0 + $1.0 * $1.1 }
    let body = try StridedCopy(
      size: size, shape.dimensions, from: StridedView(shape.strides),
      to: StridedView(offset: start, strides))
    // From the last dimension to the first, the output's own elements are mirrored.
    var slabs: [StridedCopy] = []
    var dims = shape.dimensions
    for d in stride(from: shape.rank - 1, through: 0, by: -1) {
      let (before, after) = (paddings.before[d], paddings.after[d])
      let skip = mirror.skip
      var steps = strides
      steps[d] = -strides[d]
      for (count, from, to) in [
        (before, before - 1 + skip, -before), (after, shape[d] - 1 - skip, shape[d]),
      ] where count > 0 && shape.count > 0 {
        var slab = dims
        slab[d] = count
        slabs.append(
          try StridedCopy(
            size: size, slab, from: StridedView(offset: start + from * strides[d], steps),
            to: StridedView(offset: start + to * strides[d], strides)))
      }
      start -= before * strides[d]
      dims[d] = out[d]
    }
    return .run { [slabs] io in
      body.run(io.input(0), io.output(0))
      for slab in slabs { slab.run(UnsafeRawPointer(io.output(0)), io.output(0)) }
    }
  }
}

/// Adds the mirrored elements back to those that they mirror.
struct MirrorPadGrad: PlannedOperation {
  static let opNames = ["MirrorPadGrad"]
  private let mirror: Mirror

  init(_ node: NodeContext) throws { mirror = try Mirror(node) }

  var valueInputs: [Int] { [1] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let rank = try Paddings.rank(of: inputs[1], for: inputs[0], "input 1 (paddings)")
    guard let integers = inputs[1].integers else { return [.unknown(rank: rank)] }
    let paddings = try Paddings(integers, "input 1 (paddings)")
    guard let dims = inputs[0].shape.dimensions else { return [.unknown(rank: rank)] }
    let out = dims.indices.map { i in
      dims[i] < 0 ? -1 : dims[i] - paddings.before[i] - paddings.after[i]
    }
    for i in out.indices where dims[i] >= 0 && out[i] < 0 {
      throw BNormError.invalid(
        "input 1 (paddings) holds \(integers), more than shape \(inputs[0].shape) has")
    }
    try mirror.check(out, paddings)
    return [PartialShape(out)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let out = context.outputShape(0)
    let dtype = context.inputDType(0)
    if shape == out { return .alias(input: 0) }
    let paddings = try Paddings(context.integers(1), "input 1 (paddings)")
    // Dimensions after the last padded one are moved as rows.
    let padded = (0..<shape.rank).last { paddings.before[$0] + paddings.after[$0] > 0 } ?? 0
    let row = out.product(padded + 1..<out.rank)
    let strides = out.strides
    var offsets: [Int64] = [0]
    for d in 0...padded {
      let places = mirror.places(out[d], paddings.before[d], paddings.after[d])
      offsets = offsets.flatMap { base in places.map { base + Int64($0 * strides[d]) } }
    }
    let table = offsets
    let bytes = out.count * dtype.size
    return .run { io in
      io.output(0).initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
      guard
        bnk_scatter_run(
          io.output(0), io.input(0), table, table.count, row, Int32(dtype.rawValue),
          BNK_SCATTER_ADD, false)
      else { throw BNormError.unsupported("dtype \(dtype.name)") }
    }
  }
}

/// The two ways of mirroring.
struct Mirror {
  /// Elements of the border that are not repeated: 1 for REFLECT, 0 for SYMMETRIC.
  let skip: Int

  init(_ node: NodeContext) throws { skip = try node.string("mode") == "REFLECT" ? 1 : 0 }

  /// A mirrored border cannot be longer than what it mirrors.
  func check(_ dims: [Int], _ paddings: Paddings) throws {
    for d in dims.indices where dims[d] >= 0 {
      let limit = dims[d] - skip
      guard max(paddings.before[d], paddings.after[d]) <= max(limit, 0) else {
        throw BNormError.invalid(
          "input 1 (paddings) holds (\(paddings.before[d]),\(paddings.after[d])) for dimension \(d) "
            + "of size \(dims[d]), at most \(max(limit, 0)) is allowed")
      }
    }
  }

  /// For each element of the padded dimension, the element that it mirrors.
  func places(_ count: Int, _ before: Int, _ after: Int) -> [Int] {
    (0..<before).map { before - 1 - $0 + skip } + (0..<count)
      + (0..<after).map { count - 1 - skip - $0 }
  }
}
