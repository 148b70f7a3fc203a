import BNormCore
import BNormTensor
import CBNormKernels

/// Quantized values under another shape.
struct QuantizedReshape: PlannedOperation {
  static let opNames = ["QuantizedReshape"]
  init(_ node: NodeContext) throws {}

  var valueInputs: [Int] { [1] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try requireScalars(inputs, 2..<4)
    try inputs[1].shape.requireRank(1, "input 1 (shape)")
    guard let wanted = inputs[1].integers else {
      return [inputs[1].shape[0].map { .unknown(rank: $0) } ?? .unknown, .scalar, .scalar]
    }
    return [try reshaped(inputs[0].shape, wanted), .scalar, .scalar]
  }

  private func reshaped(_ shape: PartialShape, _ wanted: [Int]) throws -> PartialShape {
    func fail(_ why: String) -> BNormError {
      .invalid("input 1 (shape) is \(wanted), but input 0 has shape \(shape): \(why)")
    }
    guard wanted.allSatisfy({ $0 >= -1 }), wanted.count(where: { $0 == -1 }) <= 1 else {
      throw fail("expected sizes and at most one -1")
    }
    let known = try Shape(checking: wanted.filter { $0 >= 0 }).count
    guard let count = shape.full?.count else { return PartialShape(wanted) }
    guard let hole = wanted.firstIndex(of: -1) else {
      guard known == count else { throw fail("\(known) elements, expected \(count)") }
      return PartialShape(wanted)
    }
    guard known > 0 ? count % known == 0 : count == 0 else {
      throw fail("\(count) elements do not divide by \(known)")
    }
    guard known > 0 else { throw fail("-1 cannot be found beside a size of 0") }
    var out = wanted
    out[hole] = count / known
    return PartialShape(out)
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let bytes = context.inputShape(0).count * context.inputDType(0).size
    return .run { io in
      io.output(0).copyMemory(from: io.input(0), byteCount: bytes)
      io.storeRange(io.float(2), io.float(3))
    }
  }
}

/// Quantized tensors joined along a dimension, in a range that covers all of theirs.
struct QuantizedConcat: PlannedOperation {
  static let opNames = ["QuantizedConcat"]
  private let count: Int

  init(_ node: NodeContext) throws { count = try node.int("N") }

  var valueInputs: [Int] { [0] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(0, "input 0 (concat_dim)")
    try requireScalars(inputs, (1 + count)..<(1 + 3 * count))
    guard let axis = inputs[0].integers?.first else { return [.unknown, .scalar, .scalar] }
    var joined: [Int]?
    for i in 1...count {
      guard let shape = inputs[i].shape.dimensions else { return [.unknown, .scalar, .scalar] }
      guard shape.indices.contains(axis) else {
        throw BNormError.invalid(
          "input 0 (concat_dim) is \(axis), expected [0, \(shape.count)) for input \(i) of shape "
            + "\(inputs[i].shape)")
      }
      guard var before = joined else {
        joined = shape
        continue
      }
      var (a, b) = (before, shape)
      (a[axis], b[axis]) = (0, 0)
      guard a.count == b.count, let merged = PartialShape(a).merged(PartialShape(b))?.dimensions
      else {
        throw BNormError.invalid(
          "input \(i) has shape \(inputs[i].shape), but those before have \(PartialShape(before))")
      }
      let size = before[axis] < 0 || shape[axis] < 0 ? -1 : before[axis] + shape[axis]
      before = merged
      before[axis] = size
      joined = before
    }
    return [PartialShape(joined), .scalar, .scalar]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let (count, dtype) = (count, context.outputDType(0))
    let axis = context.value(0)?.integers?.first ?? 0
    let out = context.outputShape(0)
    let outer = out.product(0..<axis)
    let runs = (1...count).map { i -> Int in
      let shape = context.inputShape(i)
      return shape.product(axis..<shape.rank)
    }
    let (size, row) = (dtype.size, out.product(axis..<out.rank))
    return .run { io in
      let ranges = (0..<count).map {
        QuantizedRange(dtype, io.float(1 + count + $0), io.float(1 + 2 * count + $0))
      }
      var low = ranges.reduce(Float.greatestFiniteMagnitude) { min($0, $1.min) }
      var high = ranges.reduce(-Float.greatestFiniteMagnitude) { max($0, $1.max) }
      if !dtype.isUnsigned {
        high = max(abs(low), abs(high))
        low = -high
      }
      let all = QuantizedRange(dtype, low, high)
      var start = 0
      // TensorFlow numbers the ranges by the tensors that are not empty.
      for (i, range) in zip((0..<count).filter { outer * runs[$0] > 0 }, ranges) {
        for o in 0..<outer {
          let source = io.input(1 + i) + o * runs[i] * size
          let target = io.output(0) + (o * row + start) * size
          if range.min == low, range.max == high {
            target.copyMemory(from: source, byteCount: runs[i] * size)
          } else {
            bnk_requantize(
              dtype.code, source, dtype.code, target, runs[i], range.affine, all.quantizer)
          }
        }
        start += runs[i]
      }
      io.storeRange(low, high)
    }
  }
}
