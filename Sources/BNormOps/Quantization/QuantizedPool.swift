import BNormCore
import BNormTensor
import CBNormKernels

/// The largest or the mean byte of windows of images; a mean loses its fraction.
struct QuantizedPool: PlannedOperation {
  static let opNames = ["QuantizedMaxPool", "QuantizedAvgPool"]
  private let isAverage: Bool
  private let window: [Int]
  private let strides: [Int]
  private let isSame: Bool

  init(_ node: NodeContext) throws {
    isAverage = node.op == "QuantizedAvgPool"
    window = try node.ints("ksize")
    strides = try node.ints("strides")
    isSame = try node.string("padding") == "SAME"
    for (name, values) in [("ksize", window), ("strides", strides)] {
      guard values.count == 4, values.allSatisfy({ $0 > 0 && $0 < 1 << 31 }) else {
        throw BNormError.invalid("attribute \(name) is \(values), expected four positive int32")
      }
      guard values[0] == 1, values[3] == 1 else {
        throw BNormError.unsupported("attribute \(name) is \(values): pooling of images only")
      }
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try requireScalars(inputs, 1..<3)
    let x = inputs[0].shape
    try x.requireRank(4, "input 0")
    var out = [x[0] ?? -1, -1, -1, x[3] ?? -1]
    for i in 1...2 {
      guard let size = x[i] else { continue }
      out[i] = try span(size, i).output
    }
    return [PartialShape(out), .scalar, .scalar]
  }

  private func span(_ size: Int, _ i: Int) throws -> WindowSpan {
    try WindowSpan(size, window: window[i], stride: strides[i], isSame: isSame)
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let (x, out) = (context.inputShape(0), context.outputShape(0))
    let pool = bnk_byte_pool(
      batch: x[0], height: x[1], width: x[2], depth: x[3], rows: window[1], columns: window[2],
      row_stride: strides[1], column_stride: strides[2], out_height: out[1], out_width: out[2],
      top: try span(x[1], 1).before, left: try span(x[2], 2).before,
      is_signed: context.inputDType(0) == .qint8, is_average: isAverage)
    return .run { io in
      var pool = pool
      bnk_pool_bytes(&pool, io.input(0), io.output(0))
      io.storeRange(io.float(1), io.float(2))
    }
  }
}
