import BNormCore
import BNormTensor
import CBNormKernels

/// Running sums, products and log-sum-exps along an axis.
struct Cumulative: PlannedOperation {
  private static let table: [String: bnk_cumulative_op] = [
    "Cumsum": BNK_CUMULATIVE_SUM, "Cumprod": BNK_CUMULATIVE_PROD,
    "CumulativeLogsumexp": BNK_CUMULATIVE_LOGSUMEXP,
  ]
  static var opNames: [String] { Array(table.keys) }
  private let op: bnk_cumulative_op
  private let exclusive: Bool
  private let reverse: Bool

  init(_ node: NodeContext) throws {
    op = Cumulative.table[node.op]!
    exclusive = try node.bool("exclusive")
    reverse = try node.bool("reverse")
    guard bnk_cumulative(op, node.inputDTypes[0].kernel, 0, 0, nil, nil, 0, 0, 0) != 0 else {
      throw BNormError.unsupported("\(node.op) of \(node.inputDTypes[0].name)")
    }
  }

  var valueInputs: [Int] { [1] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if let rank = inputs[1].shape.rank, rank != 0 {
      throw BNormError.invalid("input 1 (axis) has shape \(inputs[1].shape), expected a scalar")
    }
    if let dimensions = inputs[0].shape.dimensions, let axes = inputs[1].integers {
      _ = try Shape(dimensions.map { max($0, 0) }).axis(axes.first ?? 0)
    }
    return [inputs[0].shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let axis = try shape.axis(context.value(1)?.integers?.first ?? 0)
    let outer = shape.product(0..<axis)
    let inner = shape.product(axis + 1..<shape.rank)
    let length = shape[axis]
    let dtype = context.inputDType(0).kernel
    let op = op
    let exclusive: Int32 = exclusive ? 1 : 0
    let reverse: Int32 = reverse ? 1 : 0
    return .run { io in
      _ = bnk_cumulative(
        op, dtype, exclusive, reverse, io.input(0), io.output(0), outer, length, inner)
    }
  }
}
