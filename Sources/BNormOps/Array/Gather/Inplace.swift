import BNormCore
import BNormTensor
import CBNormKernels

/// A copy of input 0 whose rows at the indices of input 1 are set, added to or subtracted from.
struct InplaceRows: PlannedOperation {
  static let opNames = ["InplaceUpdate", "InplaceAdd", "InplaceSub"]
  private let op: bnk_scatter_op

  init(_ node: NodeContext) throws {
    op =
      switch node.op {
      case "InplaceAdd": BNK_SCATTER_ADD
      case "InplaceSub": BNK_SCATTER_SUB
      default: BNK_SCATTER_UPDATE
      }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[1].requireVector("input 1 (i)")
    if let x = inputs[0].shape.full, let i = inputs[1].shape.full, let v = inputs[2].shape.full {
      guard x.rank == v.rank, x.rank > 0, x.dimensions.dropFirst() == v.dimensions.dropFirst(),
        v[0] == i.count
      else {
        throw BNormError.invalid(
          "input 0 has shape \(x), input 1 (i) \(i) and input 2 (v) \(v), which do not fit")
      }
    }
    return [inputs[0].shape]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let shape = context.inputShape(0)
    let count = context.inputShape(1).count
    let row = shape.product(1..<shape.rank)
    let rows = shape[0]
    let dtype = context.inputDType(0)
    let bytes = shape.count * dtype.size
    let op = op
    return .function(
      KernelFunction(scratchBytes: max(count, 1) * 8, inPlace: [InPlace(input: 0, output: 0)]) { io in
        if io.input(0) != UnsafeRawPointer(io.output(0)) {
          bnk_copy_bytes(io.output(0), io.input(0), bytes)
        }
        guard shape.count > 0 else { return }
        let offsets = io.scratch(outputs: 1).assumingMemoryBound(to: Int64.self)
        let indices = io.input(1).assumingMemoryBound(to: Int32.self)
        for k in 0..<count {
          // TensorFlow wraps indices around.
          let place = Int(indices[k]) % rows
          offsets[k] = Int64((place < 0 ? place + rows : place) * row)
        }
        guard
          bnk_scatter_run(
            io.output(0), io.input(2), offsets, count, row, Int32(dtype.rawValue), op, false)
        else { throw BNormError.unsupported("dtype \(dtype.name)") }
      })
  }
}
