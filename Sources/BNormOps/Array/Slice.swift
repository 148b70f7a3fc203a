import BNormCore
import BNormTensor

/// A box of a tensor: `begin` and `size` per dimension, size -1 to the end.
struct Slice: PlannedOperation {
  static let opNames = ["Slice"]
  init(_ node: NodeContext) throws {}

  var valueInputs: [Int] { [1, 2] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[1].requireVector("input 1 (begin)")
    try inputs[2].requireVector("input 2 (size)")
    let lengths = [inputs[0].shape.rank, inputs[1].shape[0], inputs[2].shape[0]].compactMap { $0 }
    guard let rank = lengths.first else { return [.unknown] }
    guard lengths.allSatisfy({ $0 == rank }) else {
      throw BNormError.invalid(
        "input 0 has shape \(inputs[0].shape), but begin has shape \(inputs[1].shape) and size "
          + "\(inputs[2].shape)")
    }
    let dims = inputs[0].shape.dimensions ?? Array(repeating: -1, count: rank)
    let begin = inputs[1].integers
    guard let size = inputs[2].integers else { return [.unknown(rank: rank)] }
    var out = [Int](repeating: -1, count: rank)
    for i in 0..<rank {
      func refuse() -> BNormError {
        .invalid(
          "begin \(begin.map { String($0[i]) } ?? "?") and size \(size[i]) leave dimension \(i) of "
            + "shape \(inputs[0].shape)")
      }
      guard size[i] >= -1 else { throw refuse() }
      guard let begin else {
        out[i] = size[i]
        guard dims[i] < 0 || size[i] <= dims[i] else { throw refuse() }
        continue
      }
      guard begin[i] >= 0 else { throw refuse() }
      guard dims[i] >= 0 else {
        out[i] = size[i]
        continue
      }
      guard begin[i] <= dims[i], size[i] <= dims[i] - begin[i] else { throw refuse() }
      out[i] = size[i] == -1 ? dims[i] - begin[i] : size[i]
    }
    return [PartialShape(out)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let out = context.outputShape(0)
    if shape == out { return .alias(input: 0) }
    let begin = try context.integers(1)
    let strides = shape.strides
    let copy = try StridedCopy(
      size: context.inputDType(0).size, out.dimensions,
      from: StridedView(offset: zip(begin, strides).reduce(0) { $0 + $1.0 * $1.1 }, strides),
      to: StridedView(out.strides))
    return .run { io in copy.run(io.input(0), io.output(0)) }
  }
}
