import BNormCore
import BNormTensor
import CBNormKernels

/// How the rows of a segment are combined.
enum SegmentFold: Sendable {
  case sum, mean, prod, max, min

  var op: bnk_binary_op {
    switch self {
    case .sum, .mean: BNK_BINARY_ADD
    case .prod: BNK_BINARY_MUL
    case .max: BNK_BINARY_MAXIMUM
    case .min: BNK_BINARY_MINIMUM
    }
  }
}

/// Combines rows of input 0 whose sorted ids in input 1 are equal; a segment without rows is 0 (1
/// for products). The number of segments is the last id plus one.
struct SortedSegment: EagerOperation {
  private static let table: [String: SegmentFold] = [
    "SegmentSum": .sum, "SegmentMean": .mean, "SegmentProd": .prod, "SegmentMax": .max,
    "SegmentMin": .min,
  ]
  static var opNames: [String] { Array(table.keys) }
  private let fold: SegmentFold

  init(_ node: NodeContext) throws {
    fold = SortedSegment.table[node.op]!
    guard bnk_binary(fold.op, node.inputDTypes[0].kernel) != nil else {
      throw BNormError.unsupported("\(node.op) of \(node.inputDTypes[0].name)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 1, "input 0 (data)")
    try inputs[1].shape.requireRank(1, "input 1 (segment_ids)")
    guard let dimensions = inputs[0].shape.dimensions else { return [.unknown] }
    return [PartialShape([-1] + dimensions.dropFirst())]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let data = inputs[0]
    let ids = inputs[1].integers ?? []
    guard data.rank > 0, inputs[1].rank == 1, data.shape[0] == ids.count else {
      throw BNormError.invalid(
        "input 1 (segment_ids) has shape \(inputs[1].shape), but input 0 has shape \(data.shape)")
    }
    var previous = 0
    for id in ids {
      guard id >= previous else {
        throw BNormError.invalid(
          "input 1 (segment_ids) is not sorted or negative: \(id) after \(previous)")
      }
      previous = id
    }
    let (count, overflow) = (ids.last ?? -1).addingReportingOverflow(1)
    guard !overflow else { throw BNormError.invalid("segment id \(ids.last!) is too large") }
    let shape = try Shape(checking: [count] + data.shape.dimensions.dropFirst())
    let out = Tensor(dtype: data.dtype, shape: try shape.fitting(data.dtype))
    foldSegments(
      fold, data.dtype, data.pointer, ids, row: data.shape.product(1..<data.rank),
      out.storage.pointer, count: count, empty: fold == .prod ? .one : .zero)
    return [out]
  }
}

/// Combines the elements of input 0 by the id that input 1 gives to each of its leading indices;
/// input 2 is the number of segments. Negative ids are left out. SegmentSumV2 and its like demand
/// sorted ids of one dimension and are served by the same code.
struct UnsortedSegment: PlannedOperation {
  private static let table: [String: SegmentFold] = [
    "UnsortedSegmentSum": .sum, "UnsortedSegmentProd": .prod, "UnsortedSegmentMax": .max,
    "UnsortedSegmentMin": .min, "SegmentSumV2": .sum, "SegmentProdV2": .prod,
    "SegmentMaxV2": .max, "SegmentMinV2": .min,
  ]
  static var opNames: [String] { Array(table.keys) }
  private let fold: SegmentFold

  init(_ node: NodeContext) throws {
    fold = UnsortedSegment.table[node.op]!
    guard bnk_binary(fold.op, node.inputDTypes[0].kernel) != nil else {
      throw BNormError.unsupported("\(node.op) of \(node.inputDTypes[0].name)")
    }
  }

  var valueInputs: [Int] { [2] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[2].shape.requireRank(0, "input 2 (num_segments)")
    guard let data = inputs[0].shape.dimensions, let ids = inputs[1].shape.dimensions else {
      return [.unknown]
    }
    guard ids.count <= data.count, zip(ids, data).allSatisfy({ $0 == $1 || $0 < 0 || $1 < 0 })
    else {
      throw BNormError.invalid(
        "input 1 (segment_ids) has shape \(inputs[1].shape), which does not begin the shape "
          + "\(inputs[0].shape) of input 0")
    }
    var count = -1
    if let value = inputs[2].integers?.first {
      guard value >= 0 else {
        throw BNormError.invalid("input 2 (num_segments) is \(value), expected at least 0")
      }
      count = value
    }
    let dimensions = [count] + data.dropFirst(ids.count)
    if dimensions.allSatisfy({ $0 >= 0 }) { _ = try Shape(checking: dimensions) }
    return [PartialShape(dimensions)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    let data = context.inputShape(0)
    let idShape = context.inputShape(1)
    let idDType = context.inputDType(1)
    let dtype = context.inputDType(0)
    let count = context.value(2)?.integers?.first ?? 0
    let row = data.product(idShape.rank..<data.rank)
    let fold = fold
    return .run { io in
      let ids = readIntegers(io.input(1), idDType, idShape.count)
      if row > 0, let wrong = ids.first(where: { $0 >= count }) {
        throw BNormError.invalid("segment id \(wrong) is out of range [0, \(count))")
      }
      let empty: SegmentFill =
        switch fold {
        case .prod: .one
        case .max: .lowest
        case .min: .highest
        default: .zero
        }
      foldSegments(
        fold, dtype, io.input(0), row > 0 ? ids : [], row: row, io.output(0), count: count,
        empty: empty)
    }
  }
}

/// `count` integers of `dtype` as `Int`.
func readIntegers(_ pointer: UnsafeRawPointer, _ dtype: DType, _ count: Int) -> [Int] {
  [Int](unsafeUninitializedCapacity: count) { buffer, used in
    if count > 0 { bnk_cast(dtype.kernel, BNK_INT64, 0, pointer, buffer.baseAddress!, count) }
    used = count
  }
}
