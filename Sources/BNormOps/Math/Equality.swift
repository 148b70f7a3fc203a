import BNormCore
import BNormTensor
import CBNormKernels

/// Equal and NotEqual: of any plain dtype and of strings; shapes that do not broadcast may be an
/// answer too.
struct Equality: PlannedOperation, EagerOperation {
  static let opNames = ["Equal", "NotEqual"]
  private let op: bnk_binary_op
  private let refusesMismatch: Bool

  init(_ node: NodeContext) throws {
    op = node.op == "Equal" ? BNK_BINARY_EQUAL : BNK_BINARY_NOT_EQUAL
    refusesMismatch = try node.bool("incompatible_shape_error")
    let dtype = node.inputDTypes[0]
    guard dtype == .string || bnk_binary(op, dtype.kernel) != nil else {
      throw BNormError.unsupported("\(node.op) of \(dtype.name)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if !refusesMismatch {
      guard inputs[0].shape.full != nil, inputs[1].shape.full != nil else { return [.unknown] }
      return [inputs[0].shape.broadcast(inputs[1].shape) ?? .scalar]
    }
    return [try broadcastShape(inputs[0].shape, inputs[1].shape)]
  }

  func lower(_ context: Lowering) throws -> Kernel {
    if context.inputShape(0).broadcast(context.inputShape(1)) == nil {
      let answer = op == BNK_BINARY_NOT_EQUAL
      return .run { $0.output(0).storeBytes(of: answer, as: Bool.self) }
    }
    return try lowerBinary(op, context)
  }

  /// Strings.
  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let answer = op == BNK_BINARY_EQUAL
    guard let shape = inputs[0].shape.broadcast(inputs[1].shape) else {
      if refusesMismatch {
        _ = try broadcastShape(PartialShape(inputs[0].shape), PartialShape(inputs[1].shape))
      }
      return [Tensor(scalar: !answer)]
    }
    let a = inputs[0].strings
    let b = inputs[1].strings
    let values = broadcastIndices(inputs[0].shape, inputs[1].shape, shape).map {
      (a[$0] == b[$1]) == answer
    }
    return [Tensor(values, shape: shape)]
  }
}

/// Add: of numbers, and of strings, which are joined.
struct Add: PlannedOperation, EagerOperation {
  static let opNames = ["Add"]

  init(_ node: NodeContext) throws {
    let dtype = node.inputDTypes[0]
    guard dtype == .string || bnk_binary(BNK_BINARY_ADD, dtype.kernel) != nil else {
      throw BNormError.unsupported("Add of \(dtype.name)")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    [try broadcastShape(inputs[0].shape, inputs[1].shape)]
  }

  func lower(_ context: Lowering) throws -> Kernel { try lowerBinary(BNK_BINARY_ADD, context) }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    guard let shape = inputs[0].shape.broadcast(inputs[1].shape) else {
      _ = try broadcastShape(PartialShape(inputs[0].shape), PartialShape(inputs[1].shape))
      return []
    }
    let a = inputs[0].strings
    let b = inputs[1].strings
    let joined = broadcastIndices(inputs[0].shape, inputs[1].shape, shape).map {
      ByteString(a[$0].bytes + b[$1].bytes)
    }
    return [Tensor(strings: joined, shape: shape)]
  }
}

/// For each element of `shape` the indices of the elements of `a` and `b` that meet there.
func broadcastIndices(_ a: Shape, _ b: Shape, _ shape: Shape) -> [(Int, Int)] {
  func strides(_ x: Shape) -> [Int] {
    let own = x.strides
    return (0..<shape.rank).map { i in
      let k = i - (shape.rank - x.rank)
      return k < 0 || x[k] == 1 ? 0 : own[k]
    }
  }
  let sa = strides(a)
  let sb = strides(b)
  return (0..<shape.count).map { index in
    var rest = index
    var ia = 0
    var ib = 0
    for d in stride(from: shape.rank - 1, through: 0, by: -1) {
      let k = rest % shape[d]
      rest /= shape[d]
      ia += k * sa[d]
      ib += k * sb[d]
    }
    return (ia, ib)
  }
}
