import BNormCore
import BNormTensor

/// The same bytes as another dtype; a size that differs adds or takes the last dimension.
struct Bitcast: AliasOperation {
  static let opNames = ["Bitcast"]
  private let from: DType
  private let to: DType

  init(_ node: NodeContext) throws {
    from = try node.dtype("T")
    to = try node.dtype("type")
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard var dims = inputs[0].shape.dimensions else { return [.unknown] }
    if from.size > to.size {
      dims.append(from.size / to.size)
    } else if from.size < to.size {
      let ratio = to.size / from.size
      guard let last = dims.popLast(), last < 0 || last == ratio else {
        throw BNormError.invalid(
          "input 0 has shape \(inputs[0].shape): a last dimension of \(ratio) is needed to cast "
            + "\(from.name) to \(to.name)")
      }
    }
    return [PartialShape(dims)]
  }

  func lower(_ context: Lowering) -> Kernel { .alias(input: 0) }
}
