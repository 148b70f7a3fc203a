import BNormCore
import BNormTensor
import CBNormKernels

/// Repeats the tensor `multiples[i]` times along dimension i.
struct Tile: PlannedOperation {
  static let opNames = ["Tile"]
  init(_ node: NodeContext) throws {}

  var valueInputs: [Int] { [1] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try Tile.checkRanks(inputs)
    guard let multiples = inputs[1].integers, let dims = inputs[0].shape.dimensions else {
      return [.unknown(rank: inputs[0].shape.rank ?? inputs[1].shape[0])]
    }
    var out: [Int] = []
    for (d, m) in zip(dims, multiples) {
      guard m >= 0 else {
        throw BNormError.invalid("input 1 (multiples) holds \(multiples), they must not be negative")
      }
      let (product, overflow) = d.multipliedReportingOverflow(by: m)
      guard !overflow else { throw BNormError.invalid("the output has too many elements") }
      out.append(d < 0 ? -1 : product)
    }
    return [out.contains(-1) ? PartialShape(out) : PartialShape(try Shape(checking: out))]
  }

  static func checkRanks(_ inputs: [Fact]) throws {
    try inputs[1].requireVector("input 1 (multiples)")
    if let rank = inputs[0].shape.rank, let count = inputs[1].shape[0], rank != count {
      throw BNormError.invalid(
        "input 1 (multiples) has shape \(inputs[1].shape), but input 0 has shape \(inputs[0].shape)")
    }
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let out = context.outputShape(0)
    if shape == out { return .alias(input: 0) }
    let multiples = try context.integers(1)
    let source = shape.strides
    let target = out.strides
    var dims: [Int] = []
    var from: [Int] = []
    var to: [Int] = []
    for d in 0..<shape.rank {
      dims += [multiples[d], shape[d]]
      from += [0, source[d]]
      to += [target[d] * shape[d], target[d]]
    }
    let copy = try StridedCopy(
      size: context.inputDType(0).size, out.count == 0 ? [0] : dims,
      from: StridedView(out.count == 0 ? [0] : from), to: StridedView(out.count == 0 ? [1] : to))
    return .run { io in copy.run(io.input(0), io.output(0)) }
  }
}

/// Sums what Tile repeated.
struct TileGrad: PlannedOperation {
  static let opNames = ["TileGrad"]
  init(_ node: NodeContext) throws {}

  var valueInputs: [Int] { [1] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try Tile.checkRanks(inputs)
    guard let multiples = inputs[1].integers, let dims = inputs[0].shape.dimensions else {
      return [.unknown(rank: inputs[0].shape.rank ?? inputs[1].shape[0])]
    }
    var out: [Int] = []
    for (d, m) in zip(dims, multiples) {
      guard m > 0, d < 0 || d % m == 0 else {
        throw BNormError.invalid(
          "input 1 (multiples) holds \(multiples), which does not divide shape \(inputs[0].shape)")
      }
      out.append(d < 0 ? -1 : d / m)
    }
    return [PartialShape(out)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let out = context.outputShape(0)
    let dtype = context.inputDType(0)
    if shape == out { return .alias(input: 0) }
    let strides = out.strides
    let tiled = (0..<shape.rank).last { shape[$0] != out[$0] } ?? 0
    var offsets: [Int64] = [0]
    for d in 0...tiled where shape.count > 0 {
      let count = out[d]
      offsets = offsets.flatMap { base in
        (0..<shape[d]).map { base + Int64(($0 % count) * strides[d]) }
      }
    }
    let table = shape.count == 0 ? [] : offsets
    let row = out.product(tiled + 1..<out.rank)
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
