import BNormCore
import BNormTensor

/// Repeats dimensions of 1 so that the tensor has the shape that input 1 gives.
struct BroadcastTo: PlannedOperation {
  static let opNames = ["BroadcastTo"]
  init(_ node: NodeContext) throws {}

  var valueInputs: [Int] { [1] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[1].requireVector("input 1 (shape)")
    let given = inputs[0].shape
    if let rank = given.rank, let count = inputs[1].shape[0], rank > count {
      throw BNormError.invalid("input 0 has shape \(given), which does not broadcast to rank \(count)")
    }
    guard let dims = inputs[1].integers else { return [.unknown(rank: inputs[1].shape[0])] }
    let shape = try Shape(checking: dims)
    if let own = given.dimensions {
      for (d, n) in zip(own.reversed(), dims.reversed()) where d >= 0 && d != 1 && d != n {
        throw BNormError.invalid("input 0 has shape \(given), which does not broadcast to \(shape)")
      }
    }
    return [PartialShape(shape)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let out = context.outputShape(0)
    if shape.count == out.count { return .alias(input: 0) }
    let added = out.rank - shape.rank
    let strides = shape.strides
    let from = (0..<out.rank).map { $0 < added || shape[$0 - added] == 1 ? 0 : strides[$0 - added] }
    let copy = try StridedCopy(
      size: context.inputDType(0).size, out.dimensions, from: StridedView(from),
      to: StridedView(out.strides))
    return .run { io in copy.run(io.input(0), io.output(0)) }
  }
}

/// The shape that two shapes broadcast to.
struct BroadcastArgs: EagerOperation {
  static let opNames = ["BroadcastArgs"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].requireVector("input 0")
    try inputs[1].requireVector("input 1")
    guard let a = inputs[0].shape[0], let b = inputs[1].shape[0] else { return [.unknown(rank: 1)] }
    return [.vector(max(a, b))]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (a, b) = try shapes(inputs)
    var out: [Int] = []
    for (x, y) in zip(a, b) {
      guard x == y || x == 1 || y == 1 else {
        throw BNormError.invalid(
          "input 0 holds \(inputs[0].integers ?? []) and input 1 \(inputs[1].integers ?? []), "
            + "which do not broadcast")
      }
      out.append(x == 1 ? y : x)
    }
    return [Tensor(integers: out, dtype: inputs[0].dtype)]
  }
}

/// Over which dimensions the gradients of two broadcast operands are summed.
struct BroadcastGradientArgs: EagerOperation {
  static let opNames = ["BroadcastGradientArgs"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].requireVector("input 0")
    try inputs[1].requireVector("input 1")
    return [.unknown(rank: 1), .unknown(rank: 1)]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (a, b) = try shapes(inputs)
    var first: [Int] = []
    var second: [Int] = []
    if inputs[0].integers! != inputs[1].integers! {
      for (i, (x, y)) in zip(a, b).enumerated() {
        guard x == y || x == 1 || y == 1 else {
          throw BNormError.invalid(
            "input 0 holds \(inputs[0].integers ?? []) and input 1 \(inputs[1].integers ?? []), "
              + "which do not broadcast")
        }
        if x == 1 { first.append(i) }
        if y == 1 { second.append(i) }
      }
    }
    return [
      Tensor(integers: first, dtype: inputs[0].dtype),
      Tensor(integers: second, dtype: inputs[0].dtype),
    ]
  }
}

/// Two shapes of one rank, the shorter one filled up with 1 in front.
private func shapes(_ inputs: [Tensor]) throws -> ([Int], [Int]) {
  var out: [[Int]] = []
  for (i, input) in inputs.enumerated() {
    guard input.rank == 1, let values = input.integers else {
      throw BNormError.invalid("input \(i) has shape \(input.shape), expected a vector")
    }
    out.append(values)
  }
  let rank = max(out[0].count, out[1].count)
  let filled = out.map { Array(repeating: 1, count: rank - $0.count) + $0 }
  return (filled[0], filled[1])
}
