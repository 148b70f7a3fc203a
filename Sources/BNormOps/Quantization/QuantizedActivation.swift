import BNormCore
import BNormTensor
import CBNormKernels

/// Quantized values cut off at 0, or at 0 and 6.
struct QuantizedActivation: PlannedOperation {
  static let opNames = ["QuantizedRelu", "QuantizedRelu6"]
  private let isLimited: Bool

  init(_ node: NodeContext) throws {
    isLimited = node.op == "QuantizedRelu6"
    guard node.inputDTypes[0] == node.outputDTypes[0] else {
      throw BNormError.unsupported(
        "\(node.op) of \(node.inputDTypes[0].name) as \(node.outputDTypes[0].name)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try requireScalars(inputs, 1..<3)
    return [inputs[0].shape, .scalar, .scalar]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let (dtype, count) = (context.inputDType(0), context.inputShape(0).count)
    let isLimited = isLimited
    return .run { io in
      let range = io.range(dtype, 1)
      let (low, high) = (range.quantized(0), isLimited ? range.quantized(6) : range.highest)
      if dtype == .qint32 {
        clamp(io, count, Int32(clamping: low), Int32(clamping: high))
      } else {
        clamp(io, count, UInt8(clamping: low), UInt8(clamping: high))
      }
      io.storeRange(range.min, range.max)
    }
  }
}

private func clamp<T: FixedWidthInteger>(_ io: KernelIO, _ count: Int, _ low: T, _ high: T) {
  let x = io.input(0).assumingMemoryBound(to: T.self)
  let y = io.output(0).assumingMemoryBound(to: T.self)
  for i in 0..<count { y[i] = min(max(x[i], low), high) }
}
