import BNormCore
import BNormTensor
import CBNormKernels

/// Products of matrices of bytes, as int32.
struct QuantizedMatMul: PlannedOperation {
  static let opNames = ["QuantizedMatMul"]
  private let transposes: [Bool]

  init(_ node: NodeContext) throws {
    transposes = [try node.bool("transpose_a"), try node.bool("transpose_b")]
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try requireScalars(inputs, 2..<6)
    for i in 0..<2 { try inputs[i].shape.requireRank(2, "input \(i)") }
    let inner = (inputs[0].shape[transposes[0] ? 0 : 1], inputs[1].shape[transposes[1] ? 1 : 0])
    if let a = inner.0, let b = inner.1, a != b {
      throw BNormError.invalid(
        "input 0 has shape \(inputs[0].shape) and input 1 has \(inputs[1].shape): \(a) columns, "
          + "but \(b) rows")
    }
    let rows = inputs[0].shape[transposes[0] ? 1 : 0]
    let columns = inputs[1].shape[transposes[1] ? 0 : 1]
    return [PartialShape([rows ?? -1, columns ?? -1]), .scalar, .scalar]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let (a, b) = (context.inputShape(0), context.inputShape(1))
    let (m, n) = (context.outputShape(0)[0], context.outputShape(0)[1])
    let k = a[transposes[0] ? 0 : 1]
    let transposes = transposes
    return .function(
      KernelFunction(scratchBytes: 4 * (a.count + b.count)) { io in
        let (left, right) = (io.range(.quint8, 2), io.range(.quint8, 4))
        try left.requireOrdered(2)
        try right.requireOrdered(4)
        let scratch = io.scratch(outputs: 3).bindMemory(to: Int32.self, capacity: a.count + b.count)
        widen(io.input(0), scratch, zero: left.unclamped(0), a, transposes: transposes[0])
        widen(
          io.input(1), scratch + a.count, zero: right.unclamped(0), b, transposes: transposes[1])
        bnk_product_i32(
          scratch, scratch + a.count, io.output(0).assumingMemoryBound(to: Int32.self), m, n, k)
        let range = QuantizedRange.product(left, right)
        io.storeRange(range.min, range.max)
      })
  }

  private func widen(
    _ source: UnsafeRawPointer, _ target: UnsafeMutablePointer<Int32>, zero: Int64, _ shape: Shape,
    transposes: Bool
  ) {
    var zero = Int32(truncatingIfNeeded: zero)
    guard transposes else {
      bnk_widen(DType.quint8.code, source, target, bnk_channels(shape.count), &zero)
      return
    }
    let bytes = source.assumingMemoryBound(to: UInt8.self)
    let (rows, columns) = (shape[0], shape[1])
    for i in 0..<rows {
      for j in 0..<columns { target[j * rows + i] = Int32(bytes[i * columns + j]) &- zero }
    }
  }
}
