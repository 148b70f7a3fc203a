import BNormCore
import BNormTensor
import CBNormKernels

/// The input, if all of it is finite.
struct CheckNumerics: PlannedOperation {
  static let opNames = ["CheckNumerics", "CheckNumericsV2"]
  private let message: String
  private let tellsSigns: Bool

  init(_ node: NodeContext) throws {
    message = try node.string("message")
    tellsSigns = node.op == "CheckNumericsV2"
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) -> Kernel {
    let count = context.inputShape(0).count
    let dtype = context.inputDType(0)
    let bytes = count * dtype.size
    let (message, tellsSigns) = (message, tellsSigns)
    return .run(inPlace: [InPlace(input: 0, output: 0)]) { io in
      let found = bnk_nonfinite(io.input(0), count, Int32(dtype.rawValue))
      guard found == 0 else {
        throw BNormError.invalid(
          "\(message) : Tensor had \(CheckNumerics.names(found, tellsSigns)) values")
      }
      if io.input(0) != UnsafeRawPointer(io.output(0)) {
        bnk_copy_bytes(io.output(0), io.input(0), bytes)
      }
    }
  }

  /// What the bits of `bnk_nonfinite` mean, in words.
  private static func names(_ found: Int32, _ tellsSigns: Bool) -> String {
    var names: [String] = []
    if tellsSigns {
      if found & 4 != 0 { names.append("-Inf") }
      if found & 2 != 0 { names.append("+Inf") }
    } else if found & 6 != 0 {
      names.append("Inf")
    }
    if found & 1 != 0 { names.append("NaN") }
    guard names.count > 2 else { return names.joined(separator: " and ") }
    return names.dropLast().joined(separator: ", ") + ", and " + names.last!
  }
}

/// How many elements are NaN.
struct DebugNanCount: EagerOperation {
  static let opNames = ["DebugNanCount"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.vector(1)] }

  func run(_ inputs: [Tensor], _ context: RunContext) -> [Tensor] {
    [Tensor([Int64(inputs[0].doubles?.count { $0.isNaN } ?? 0)])]
  }
}
