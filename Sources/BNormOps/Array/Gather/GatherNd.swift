import BNormCore
import BNormTensor
import CBNormKernels

/// Slices of a tensor by index tuples.
struct GatherNd: PlannedOperation {
  static let opNames = ["GatherNd"]
  private let policy: BadIndicesPolicy

  init(_ node: NodeContext) throws { policy = try BadIndicesPolicy(node) }

  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let params = inputs[0].shape
    let indices = inputs[1].shape
    try params.requireRank(atLeast: 1, "input 0 (params)")
    try indices.requireRank(atLeast: 1, "input 1 (indices)")
    guard let p = params.dimensions, let q = indices.dimensions, let depth = q.last, depth >= 0 else {
      return [.unknown]
    }
    guard depth <= p.count else {
      throw BNormError.invalid(
        "input 1 (indices) has shape \(indices): tuples of \(depth) do not index shape \(params)")
    }
    let out = q.dropLast() + p[depth...]
    if !out.contains(-1) { return [PartialShape(try Shape(checking: Array(out)))] }
    return [PartialShape(Array(out))]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let params = context.inputShape(0)
    let indices = context.inputShape(1)
    let depth = indices[indices.rank - 1]
    let count = indices.product(0..<indices.rank - 1)
    let size = context.inputDType(0).size
    let row = params.product(depth..<params.rank) * size
    if params.count == 0, context.outputShape(0).count > 0 || (count > 0 && depth > 0) {
      throw BNormError.invalid("input 0 (params) has shape \(params): there is nothing to index")
    }
    let tuples = IndexTuples(
      indices, dtype: context.inputDType(1), into: params, rows: true, depth: depth, count: count)
    let ignores = policy.ignores
    return .function(
      KernelFunction(scratchBytes: count * 8) { io in
        guard count > 0 else { return }
        let offsets = io.scratch(outputs: 1).assumingMemoryBound(to: Int64.self)
        try tuples.offsets(io.input(1), offsets, ignoresBad: ignores, shape: params, input: 1)
        bnk_gather_offsets(io.output(0), io.input(0), offsets, count, row)
      })
  }
}
