import BNormCore
import BNormTensor

/// Runs kernels on 8-bit inputs that are widened to the output's dtype.
enum WideningBridge {
  static func lower(_ context: Lowering, _ make: (Lowering) throws -> Kernel) throws -> Kernel {
    let wanted = context.outputDType(0)
    guard context.inputs.contains(where: { $0.dtype != wanted }) else { return try make(context) }
    let inputs = context.inputs.map { Fact(wanted, $0.shape) }
    let kernel = try make(context.replacing(inputs: inputs, outputs: context.outputs))
    return try Adapter.wrap(
      kernel, inputs: try context.inputs.map { try adapter($0, wanted) },
      outputs: context.outputs.map { _ in .pass })
  }

  private static func adapter(_ fact: Fact, _ wanted: DType) throws -> Adapter {
    let count = fact.shape.full!.count
    switch (fact.dtype, wanted) {
    case (wanted, _): return .pass
    case (.int8, .int32): return widen(count) { (x: Int8) in Int32(x) }
    case (.uint8, .int32): return widen(count) { (x: UInt8) in Int32(x) }
    case (.int8, .float): return widen(count) { (x: Int8) in Float(x) }
    case (.uint8, .float): return widen(count) { (x: UInt8) in Float(x) }
    default:
      throw BNormError.unsupported("an input of \(fact.dtype.name) for a result of \(wanted.name)")
    }
  }

  private static func widen<Narrow, Wide>(
    _ count: Int, _ convert: @escaping @Sendable (Narrow) -> Wide
  ) -> Adapter {
    Adapter(
      kind: .convert(bytes: count * MemoryLayout<Wide>.stride) { source, target in
        let source = source.assumingMemoryBound(to: Narrow.self)
        let target = target.assumingMemoryBound(to: Wide.self)
        for i in 0..<count { target[i] = convert(source[i]) }
      })
  }
}
