import BNormCore
import BNormTensor
import CBNormKernels

/// Rows of a tensor by index, along an axis and in batches.
struct Gather: PlannedOperation {
  static let opNames = ["Gather", "GatherV2"]
  private let hasAxis: Bool
  private let batchDims: Int

  init(_ node: NodeContext) throws {
    hasAxis = node.op == "GatherV2"
    batchDims = hasAxis ? try node.int("batch_dims") : 0
  }

  var valueInputs: [Int] { hasAxis ? [2] : [] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    let params = inputs[0].shape
    let indices = inputs[1].shape
    try params.requireRank(atLeast: 1, "input 0 (params)")
    if hasAxis { try inputs[2].requireScalar("input 2 (axis)") }
    guard let q = indices.dimensions else { return [.unknown] }
    let batch = batchDims < 0 ? batchDims + q.count : batchDims
    guard batch >= 0, batch <= q.count else {
      throw BNormError.invalid(
        "attribute batch_dims is \(batchDims), but input 1 (indices) has shape \(indices)")
    }
    guard let p = params.dimensions else { return [.unknown] }
    guard batch < p.count else {
      throw BNormError.invalid(
        "attribute batch_dims is \(batchDims), but input 0 (params) has shape \(params)")
    }
    guard let given = hasAxis ? inputs[2].integer : 0 else {
      return [.unknown(rank: p.count + q.count - batch - 1)]
    }
    let axis = try checkedAxis(given, rank: p.count, "input 2 (axis)")
    guard axis >= batch else {
      throw BNormError.invalid("input 2 (axis) is \(given), less than batch_dims \(batchDims)")
    }
    var out = Array(p[..<axis])
    for i in 0..<batch {
      guard p[i] < 0 || q[i] < 0 || p[i] == q[i] else {
        throw BNormError.invalid(
          "input 0 (params) has shape \(params) and input 1 (indices) \(indices): batch dimension \(i)"
            + " differs")
      }
      out[i] = max(p[i], q[i])
    }
    out += q[batch...]
    out += p[(axis + 1)...]
    return [out.contains(-1) ? PartialShape(out) : PartialShape(try Shape(checking: out))]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let params = context.inputShape(0)
    let indices = context.inputShape(1)
    let given = hasAxis ? try context.integers(2)[0] : 0
    let axis = try checkedAxis(given, rank: params.rank, "input 2 (axis)")
    let batch = batchDims < 0 ? batchDims + indices.rank : batchDims
    let gather = bnk_gather(
      batch: params.product(0..<batch), outer: params.product(batch..<axis),
      count: indices.product(batch..<indices.rank), limit: params[axis],
      row: params.product(axis + 1..<params.rank) * context.inputDType(0).size,
      index_size: context.inputDType(1).size)
    let limit = params[axis]
    let indexType = context.inputDType(1)
    // TensorFlow looks at no index when there is nothing to copy.
    if context.outputShape(0).count == 0 { return .run { _ in } }
    return .run { io in
      let bad = bnk_bad_index(io.input(1), gather.index_size, indices.count, Int64(limit))
      guard bad == indices.count else {
        let value = indexType.integer(io.input(1), at: bad)
        throw BNormError.invalid(
          "input 1 (indices)\(Shape.text(indices.position(bad))) is \(value), outside [0,\(limit))")
      }
      var gather = gather
      bnk_gather_run(&gather, io.input(0), io.input(1), io.output(0))
    }
  }
}

extension DType {
  /// Element `i` of an array of an integer dtype.
  func integer(_ pointer: UnsafeRawPointer, at i: Int) -> Int {
    switch self {
    case .int8: Int(pointer.load(fromByteOffset: i, as: Int8.self))
    case .uint8: Int(pointer.load(fromByteOffset: i, as: UInt8.self))
    case .int16: Int(pointer.load(fromByteOffset: i * 2, as: Int16.self))
    case .uint16: Int(pointer.load(fromByteOffset: i * 2, as: UInt16.self))
    case .int64: Int(pointer.load(fromByteOffset: i * 8, as: Int64.self))
    default: Int(pointer.load(fromByteOffset: i * 4, as: Int32.self))
    }
  }
}

extension Shape {
  /// The coordinates of element `flat`.
  func position(_ flat: Int) -> [Int] {
    zip(strides, dimensions).map { stride, size in size == 0 ? 0 : flat / stride % size }
  }
}
