import BNormCore
import BNormTensor
import CBNormKernels

/// Counts, or sums the weights of, the elements of input 0 by their value; input 1 is the number of
/// bins. Elements beyond it are left out. DenseBincount takes rows and can mark presence only.
struct Bincount: PlannedOperation {
  static let opNames = ["Bincount", "DenseBincount"]
  private let binary: Bool
  private let takesRows: Bool

  init(_ node: NodeContext) throws {
    takesRows = node.op == "DenseBincount"
    binary = takesRows ? try node.bool("binary_output") : false
    guard bnk_binary(BNK_BINARY_ADD, node.outputDTypes[0].kernel) != nil else {
      throw BNormError.unsupported("\(node.op) of \(node.outputDTypes[0].name)")
    }
  }

  var valueInputs: [Int] { [1] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if let rank = inputs[1].shape.rank, rank != 0 {
      throw BNormError.invalid("input 1 (size) has shape \(inputs[1].shape), expected a scalar")
    }
    let size = inputs[1].integers?.first
    if let size, size < 0 {
      throw BNormError.invalid("input 1 (size) is \(size), expected at least 0")
    }
    if let weights = inputs[2].shape.full, let given = inputs[0].shape.full,
      weights.count > 0, weights != given
    {
      throw BNormError.invalid(
        "input 2 (weights) has shape \(weights), but input 0 has shape \(given)")
    }
    if !takesRows { return [.vector(size)] }
    guard let rank = inputs[0].shape.rank else { return [.unknown] }
    guard rank <= 2 else {
      throw BNormError.invalid("input 0 has shape \(inputs[0].shape), expected at most rank 2")
    }
    if rank < 2 { return [.vector(size)] }
    let dimensions = [inputs[0].shape[0] ?? -1, size ?? -1]
    if dimensions.allSatisfy({ $0 >= 0 }) { _ = try Shape(checking: dimensions) }
    return [PartialShape(dimensions)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let rows = takesRows && shape.rank == 2 ? shape[0] : 1
    let length = rows > 0 ? shape.count / rows : 0
    let bins = context.value(1)?.integers?.first ?? 0
    let from = context.inputDType(0)
    let to = context.outputDType(0)
    let weighted = context.inputShape(2).count > 0
    let binary = binary
    let size = to.size
    let add = bnk_binary(BNK_BINARY_ADD, to.kernel)!
    return .run { io in
      let values = readIntegers(io.input(0), from, shape.count)
      if let wrong = values.first(where: { $0 < 0 }) {
        throw BNormError.invalid("input 0 contains \(wrong), expected no negative elements")
      }
      let out = io.output(0)
      SegmentFill.zero.store(to, out, rows * bins)
      withUnsafeTemporaryAllocation(byteCount: 16, alignment: 16) { one in
        SegmentFill.one.store(to, one.baseAddress!, 1)
        for row in 0..<rows {
          for i in row * length..<(row + 1) * length where values[i] < bins {
            let target = out + (row * bins + values[i]) * size
            if binary {
              target.copyMemory(from: one.baseAddress!, byteCount: size)
            } else if weighted {
              add(target, 1, io.input(2) + i * size, 1, target, 1, nil)
            } else {
              add(target, 1, one.baseAddress!, 1, target, 1, nil)
            }
          }
        }
      }
    }
  }
}
