import BNormCore
import BNormTensor
import CBNormKernels

/// The input itself, or an error with `message` if it holds a NaN or an infinity.
struct CheckNumerics: PlannedOperation {
  static let opNames = ["CheckNumerics", "CheckNumericsV2"]
  private let message: String

  init(_ node: NodeContext) throws {
    message = try node.string("message")
    guard bnk_unary(BNK_UNARY_IS_FINITE, node.inputDTypes[0].kernel) != nil else {
      throw BNormError.unsupported("\(node.op) of \(node.inputDTypes[0].name)")
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) -> Kernel {
    let dtype = context.inputDType(0)
    let count = context.inputShape(0).count
    let size = dtype.size
    let isFinite = bnk_unary(BNK_UNARY_IS_FINITE, dtype.kernel)!
    let isNan = bnk_unary(BNK_UNARY_IS_NAN, dtype.kernel)!
    let message = message
    return .run(inPlace: [InPlace(input: 0, output: 0)]) { io in
      let x = io.input(0)
      let block = 4096
      try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: block) { flags in
        for start in stride(from: 0, to: count, by: block) {
          let n = min(block, count - start)
          isFinite(x + start * size, flags.baseAddress!, n)
          if flags[0..<n].allSatisfy({ $0 != 0 }) { continue }
          isNan(x + start * size, flags.baseAddress!, n)
          let found = flags[0..<n].contains { $0 != 0 } ? "NaN" : "Inf"
          throw BNormError.invalid("\(message) : input 0 contains \(found)")
        }
      }
      if x != UnsafeRawPointer(io.output(0)) {
        io.output(0).copyMemory(from: x, byteCount: count * size)
      }
    }
  }
}
