import BNormCore
import BNormTensor
import CBNormKernels

/// Elements of input 1 where input 0 holds, of input 2 elsewhere. Select takes a condition of the
/// values' shape, a scalar, or a vector that picks rows; SelectV2 broadcasts all three.
struct Select: PlannedOperation {
  static let opNames = ["Select", "SelectV2"]
  private let broadcasts: Bool

  init(_ node: NodeContext) throws { broadcasts = node.op == "SelectV2" }

  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let condition = inputs[0].shape
    if broadcasts {
      guard let values = inputs[1].shape.broadcast(inputs[2].shape),
        let shape = condition.broadcast(values)
      else {
        throw BNormError.invalid(
          "inputs have shapes \(condition), \(inputs[1].shape) and \(inputs[2].shape), "
            + "which do not broadcast")
      }
      return [shape]
    }
    guard let values = inputs[1].shape.merged(inputs[2].shape) else {
      throw BNormError.invalid(
        "input 1 has shape \(inputs[1].shape), but input 2 has shape \(inputs[2].shape)")
    }
    guard let c = condition.dimensions, let v = values.dimensions, !c.isEmpty else {
      return [values]
    }
    if c.count == 1, v.count != 1 {
      guard let rows = v.first, rows < 0 || c[0] < 0 || rows == c[0] else {
        throw BNormError.invalid(
          "input 0 (condition) has shape \(condition), but input 1 has shape \(values)")
      }
      return [values]
    }
    guard let shape = values.merged(condition) else {
      throw BNormError.invalid(
        "input 0 (condition) has shape \(condition), but input 1 has shape \(values)")
    }
    return [shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let out = context.outputShape(0)
    let rank = out.rank
    var condition = context.inputShape(0).dimensions
    if !broadcasts, condition.count == 1, rank > 1 {
      condition += [Int](repeating: 1, count: rank - 1)
    }
    func padded(_ dimensions: [Int]) -> [Int64] {
      ([Int](repeating: 1, count: rank - dimensions.count) + dimensions).map(Int64.init)
    }
    var plan = bnk_select()
    let fits = bnk_select_plan(
      &plan, Int32(rank), out.dimensions.map(Int64.init), padded(condition),
      padded(context.inputShape(1).dimensions), padded(context.inputShape(2).dimensions))
    guard fits != 0 else { throw BNormError.unsupported("a broadcast to shape \(out)") }
    let size = context.outputDType(0).size
    var inPlace: [InPlace] = []
    for i in 1...2 where context.inputShape(i).count == out.count {
      inPlace.append(InPlace(input: i, output: 0))
    }
    return .run(inPlace: inPlace) { [plan] io in
      withUnsafePointer(to: plan) {
        bnk_select_run(
          $0, size, io.input(0).assumingMemoryBound(to: UInt8.self), io.input(1), io.input(2),
          io.output(0))
      }
    }
  }
}
