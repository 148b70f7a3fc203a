import BNormCore
import BNormTensor
import CBNormKernels

/// Sums and products of bytes, as int32.
struct QuantizedArithmetic: PlannedOperation {
  static let opNames = ["QuantizedAdd", "QuantizedMul"]
  private let isSum: Bool

  init(_ node: NodeContext) throws { isSum = node.op == "QuantizedAdd" }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try requireScalars(inputs, 2..<6)
    guard let shape = inputs[0].shape.broadcast(inputs[1].shape) else {
      throw BNormError.invalid(
        "input 0 has shape \(inputs[0].shape) and input 1 has \(inputs[1].shape), which do not "
          + "broadcast")
    }
    return [shape, .scalar, .scalar]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let (x, y) = (context.inputShape(0), context.inputShape(1))
    let count = context.outputShape(0).count
    let runs = broadcastRuns(x, y)
    guard runs <= 2 else {
      throw BNormError.unsupported("broadcasting shapes \(x) and \(y) of quantized values")
    }
    guard runs < 2 || min(x.count, y.count) > 0 else {
      throw BNormError.invalid("inputs have shapes \(x) and \(y): there is nothing to repeat")
    }
    let isSum = isSum
    return .run { io in
      let (a, b) = (io.range(.quint8, 2), io.range(.quint8, 4))
      try a.requireOrdered(2)
      try b.requireOrdered(4)
      let out = io.output(0).assumingMemoryBound(to: Int32.self)
      let left = io.input(0).assumingMemoryBound(to: UInt8.self)
      let right = io.input(1).assumingMemoryBound(to: UInt8.self)
      // The shorter one is repeated, whichever dimensions it has: as TensorFlow does.
      let (m, n) = (max(x.count, 1), max(y.count, 1))
      let written = min(count, max(x.count, y.count))
      if isSum {
        let range = max(abs(min(a.min, b.min)), abs(max(a.max, b.max))) * 16384
        let sum = QuantizedRange(.qint32, -range, range)
        // Only a single value beside others is converted without that line's error.
        let isExact = [runs < 2 && x.count == 1, runs < 2 && x.count != 1 && y.count == 1]
        let f = ByteTable(a, in: sum, isExact: isExact[0])
        let g = ByteTable(b, in: sum, isExact: isExact[1])
        for i in 0..<written { out[i] = f[left[i % m]] &+ g[right[i % n]] }
        io.storeRange(-range, range)
      } else {
        let f = Int32(truncatingIfNeeded: a.unclamped(0))
        let g = Int32(truncatingIfNeeded: b.unclamped(0))
        for i in 0..<written {
          out[i] = (Int32(left[i % m]) &- f) &* (Int32(right[i % n]) &- g)
        }
        let range = QuantizedRange.product(a, b)
        io.storeRange(range.min, range.max)
      }
      for i in written..<max(count, written) { out[i] = 0 }
    }
  }
}

/// What bytes stand for in the range of a sum: on a straight line through 0 and 1, or each by
/// itself.
private struct ByteTable {
  private let values: [Int32]

  init(_ range: QuantizedRange, in sum: QuantizedRange, isExact: Bool) {
    let first = sum.unclamped(range.real(0))
    let step = Int64(Int32(truncatingIfNeeded: sum.unclamped(range.real(1)) &- first))
    values = (0..<256).map {
      Int32(clamping: isExact ? sum.quantized(range.real($0)) : first &+ $0 &* step)
    }
  }

  subscript(_ x: UInt8) -> Int32 { values[Int(x)] }
}

/// The number of groups of neighbouring dimensions in which the same operand, or none, is repeated.
private func broadcastRuns(_ x: Shape, _ y: Shape) -> Int {
  if x == y { return 1 }
  let rank = max(x.rank, y.rank)
  func padded(_ s: Shape) -> [Int] { [Int](repeating: 1, count: rank - s.rank) + s.dimensions }
  var runs: [Int] = []
  for (a, b) in zip(padded(x), padded(y)) where a != 1 || b != 1 {
    let kind = a == b ? 0 : a == 1 ? 1 : 2
    if runs.last != kind { runs.append(kind) }
  }
  return runs.count
}
