import BNormCore
import BNormTensor
import CBNormKernels

/// The elements in opposite order along some dimensions: those marked true in input 1 (Reverse), or
/// those that it lists (ReverseV2).
struct Reverse: PlannedOperation {
  static let opNames = ["Reverse", "ReverseV2"]
  private let isMarked: Bool

  init(_ node: NodeContext) throws { isMarked = node.op == "Reverse" }

  var valueInputs: [Int] { [1] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[1].requireVector("input 1")
    if isMarked, let rank = inputs[0].shape.rank, let count = inputs[1].shape[0], rank != count {
      throw BNormError.invalid(
        "input 1 (dims) has shape \(inputs[1].shape), but input 0 has shape \(inputs[0].shape)")
    }
    if let rank = inputs[0].shape.rank {
      guard !isMarked || rank <= 8 else {
        throw BNormError.invalid("input 0 has shape \(inputs[0].shape), at most rank 8 is taken")
      }
      if let value = inputs[1].value { _ = try axes(value, rank: rank) }
    }
    if isMarked, inputs[0].shape.rank == nil { return [.unknown(rank: inputs[1].shape[0])] }
    return [inputs[0].shape]
  }

  private func axes(_ value: Tensor, rank: Int) throws -> Set<Int> {
    if isMarked {
      let marks = value.elements(Bool.self)
      return Set(marks.indices.filter { marks[$0] })
    }
    var out = Set<Int>()
    for axis in value.integers ?? [] {
      let i = try checkedAxis(axis, rank: rank, "an element of input 1 (axis)")
      guard out.insert(i).inserted else {
        throw BNormError.invalid("input 1 (axis) names dimension \(i) twice")
      }
    }
    return out
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    guard let value = context.value(1) else { throw BNormError.invalid("input 1 is not constant") }
    let axes = try axes(value, rank: shape.rank).filter { shape[$0] > 1 }
    if axes.isEmpty || shape.count == 0 { return .alias(input: 0) }
    var view = StridedView(shape.strides)
    for axis in axes {
      view.offset += (shape[axis] - 1) * view.strides[axis]
      view.strides[axis].negate()
    }
    let copy = try StridedCopy(
      size: context.inputDType(0).size, shape.dimensions, from: view, to: StridedView(shape.strides))
    return .run { io in copy.run(io.input(0), io.output(0)) }
  }
}

/// Reverses the first `seq_lengths[b]` steps of each batch entry.
struct ReverseSequence: PlannedOperation {
  static let opNames = ["ReverseSequence"]
  private let sequence: Int
  private let batch: Int

  init(_ node: NodeContext) throws {
    sequence = try node.int("seq_dim")
    batch = try node.int("batch_dim")
  }

  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[1].requireVector("input 1 (seq_lengths)")
    guard let dims = inputs[0].shape.dimensions else { return [.unknown] }
    guard (0..<dims.count).contains(sequence), (0..<dims.count).contains(batch) else {
      throw BNormError.invalid(
        "attributes seq_dim \(sequence) and batch_dim \(batch) must name dimensions of input 0, which "
          + "has shape \(inputs[0].shape)")
    }
    guard sequence != batch else {
      throw BNormError.invalid("attributes seq_dim and batch_dim are both \(batch)")
    }
    guard let count = inputs[1].shape[0] else { return [inputs[0].shape] }
    guard dims[batch] < 0 || dims[batch] == count else {
      throw BNormError.invalid(
        "input 1 (seq_lengths) has shape \(inputs[1].shape), but dimension \(batch) of input 0 is "
          + "\(dims[batch])")
    }
    var out = dims
    out[batch] = count
    return [PartialShape(out)]
  }

  func lower(_ context: Lowering) -> Kernel {
    let shape = context.inputShape(0)
    let size = context.inputDType(0).size
    let lengthType = context.inputDType(1)
    let (first, second) = (min(sequence, batch), max(sequence, batch))
    let outer = shape.product(0..<first)
    let middle = shape.product(first + 1..<second)
    let row = shape.product(second + 1..<shape.rank) * size
    let (steps, entries) = (shape[sequence], shape[batch])
    let strides = shape.strides
    let (stepStride, entryStride) = (strides[sequence] * size, strides[batch] * size)
    let middleStride = middle > 1 ? strides[second - 1] * size : 0
    let outerStride = first > 0 ? strides[first - 1] * size : 0
    let dimension = sequence
    return .run { io in
      for b in 0..<entries {
        let length = lengthType.integer(io.input(1), at: b)
        guard length >= 0, length <= steps else {
          throw BNormError.invalid(
            "input 1 (seq_lengths) holds \(length) at \(b), but dimension \(dimension) of input 0 "
              + "is \(steps)")
        }
        for o in 0..<outer {
          for m in 0..<middle {
            let base = o * outerStride + m * middleStride + b * entryStride
            for t in 0..<steps {
              let from = t < length ? length - 1 - t : t
              (io.output(0) + base + t * stepStride).copyMemory(
                from: io.input(0) + base + from * stepStride, byteCount: row)
            }
          }
        }
      }
    }
  }
}

/// Moves elements along dimensions, those that leave at one end coming back at the other.
struct Roll: PlannedOperation {
  static let opNames = ["Roll"]
  init(_ node: NodeContext) throws {}

  var valueInputs: [Int] { [1, 2] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 1, "input 0")
    for (i, name) in [(1, "shift"), (2, "axis")] {
      if let rank = inputs[i].shape.rank, rank > 1 {
        throw BNormError.invalid("input \(i) (\(name)) has shape \(inputs[i].shape), expected a vector")
      }
    }
    if let shift = inputs[1].shape.full, let axis = inputs[2].shape.full, shift != axis {
      throw BNormError.invalid("input 1 (shift) has shape \(shift), but input 2 (axis) has \(axis)")
    }
    if let rank = inputs[0].shape.rank, let axes = inputs[2].integers {
      for axis in axes { _ = try checkedAxis(axis, rank: rank, "input 2 (axis)") }
    }
    return [inputs[0].shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    var shifts = [Int](repeating: 0, count: shape.rank)
    for (shift, axis) in zip(try context.integers(1), try context.integers(2)) {
      let i = try checkedAxis(axis, rank: shape.rank, "input 2 (axis)")
      guard shape[i] > 0 else { continue }
      shifts[i] = (shifts[i] + shift % shape[i] + shape[i]) % shape[i]
    }
    if shape.count == 0 || shifts.allSatisfy({ $0 == 0 }) { return .alias(input: 0) }
    // Every rolled dimension has two parts, which swap places.
    var boxes: [(from: [Int], to: [Int], dims: [Int])] = [([], [], [])]
    for d in 0..<shape.rank {
      let parts =
        shifts[d] == 0
        ? [(from: 0, to: 0, count: shape[d])]
        : [
          (from: 0, to: shifts[d], count: shape[d] - shifts[d]),
          (from: shape[d] - shifts[d], to: 0, count: shifts[d]),
        ]
      boxes = boxes.flatMap { box in
        parts.map { (box.from + [$0.from], box.to + [$0.to], box.dims + [$0.count]) }
      }
    }
    let strides = shape.strides
    func offset(_ corner: [Int]) -> Int { zip(corner, strides).reduce(0) { $0 + $1.0 * $1.1 } }
    let copies = try boxes.map { box in
      try StridedCopy(
        size: context.inputDType(0).size, box.dims,
        from: StridedView(offset: offset(box.from), strides),
        to: StridedView(offset: offset(box.to), strides))
    }
    return .run { io in
      for copy in copies { copy.run(io.input(0), io.output(0)) }
    }
  }
}
