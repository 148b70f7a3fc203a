import BNormCore
import BNormTensor
import CBNormKernels

/// Conversion to another dtype.
struct Cast: PlannedOperation {
  static let opNames = ["Cast"]
  private let truncates: Bool

  init(_ node: NodeContext) throws {
    truncates = try node.bool("Truncate")
    let from = node.inputDTypes[0]
    let to = node.outputDTypes[0]
    guard from == to || (from.isPlain && to.isPlain && bnk_can_cast(from.kernel, to.kernel) != 0)
    else { throw BNormError.unsupported("Cast of \(from.name) to \(to.name)") }
  }

  var movesElements: Bool { true }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) -> Kernel {
    let from = context.inputDType(0)
    let to = context.outputDType(0)
    if from == to { return .alias(input: 0) }
    let truncate: Int32 = truncates ? 1 : 0
    let count = context.inputShape(0).count
    return .run {
      bnk_cast(from.kernel, to.kernel, truncate, $0.input(0), $0.output(0), count)
    }
  }
}

/// The same bytes under another dtype; a dtype of another size adds or takes the last dimension.
struct Bitcast: PlannedOperation {
  static let opNames = ["Bitcast"]
  private let from: DType
  private let to: DType

  init(_ node: NodeContext) throws {
    from = node.inputDTypes[0]
    to = node.outputDTypes[0]
    guard from.isPlain, to.isPlain else {
      throw BNormError.unsupported("Bitcast of \(from.name) to \(to.name)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let shape = inputs[0].shape
    if from.size == to.size { return [shape] }
    guard let dimensions = shape.dimensions else { return [.unknown] }
    if from.size > to.size {
      return [PartialShape(dimensions + [from.size / to.size])]
    }
    let wanted = to.size / from.size
    guard let last = dimensions.last, last == wanted || last < 0 else {
      throw BNormError.invalid(
        "input 0 has shape \(shape), but \(wanted) elements of \(from.name) make one \(to.name)")
    }
    return [PartialShape(Array(dimensions.dropLast()))]
  }

  func lower(_ context: Lowering) -> Kernel { .alias(input: 0) }
}
