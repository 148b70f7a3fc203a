import BNormCore
import BNormTensor

/// A new tensor array.
struct TensorArrayMaking: EagerOperation {
  static let opNames = ["TensorArray", "TensorArrayV2", "TensorArrayV3"]
  private let op: String
  private let dtype: DType
  private let elementShape: PartialShape
  private let hasDynamicSize: Bool
  private let clearsAfterRead: Bool
  private let hasIdenticalShapes: Bool
  private let name: String

  init(_ node: NodeContext) throws {
    op = node.op
    dtype = try node.dtype("dtype")
    elementShape = try node.shape("element_shape")
    hasDynamicSize = try node.bool("dynamic_size")
    clearsAfterRead = try node.bool("clear_after_read")
    hasIdenticalShapes = node.op == "TensorArrayV3" ? try node.bool("identical_element_shapes") : false
    let given = try node.string("tensor_array_name")
    name = given.isEmpty ? node.name : given
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(0, "input 0 (size)")
    switch op {
    case "TensorArrayV3": return [.scalar, .scalar]
    case "TensorArrayV2": return [.vector(2)]
    default: return [.scalar]
    }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let size = try inputs.scalarInteger(0, "size")
    guard size >= 0 else { throw BNormError.invalid("Size should be >= 0.") }
    try MemoryLimit.check(bytes: size * MemoryLayout<TensorArray.Slot>.stride)
    let unique = name + "_\(context.step.nextNumber())"
    let array = try TensorArray(
      name: unique, dtype: dtype, size: size, elementShape: elementShape,
      hasDynamicSize: hasDynamicSize, clearsAfterRead: clearsAfterRead,
      hasIdenticalShapes: hasIdenticalShapes, aggregates: false)
    switch op {
    case "TensorArrayV3":
      return [Tensor(scalar: array, dtype: .resource), Tensor(scalar: Float(0))]
    case "TensorArrayV2":
      context.step.set(ObjectName(kind: TensorArray.kind, name: unique), array)
      return [array.nameTensor]
    default:
      context.step.set(ObjectName(kind: TensorArray.kind, name: unique), array)
      return [Tensor(scalar: array, dtype: .resource)]
    }
  }
}

/// The array for the gradients of another one's elements.
struct TensorArrayGradient: EagerOperation {
  static let opNames = [
    "TensorArrayGrad", "TensorArrayGradV2", "TensorArrayGradV3", "TensorArrayGradWithShape",
  ]
  private let op: String
  private let source: String

  init(_ node: NodeContext) throws {
    op = node.op
    source = try node.string("source")
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let array = try inputs.tensorArray(context)
    var prefix: Shape?
    if op == "TensorArrayGradWithShape" {
      prefix = try Shape(checking: inputs.integers(2, "shape_to_prepend"))
    }
    let gradient = try array.gradient(source, prepending: prefix, context.step)
    switch op {
    case "TensorArrayGrad": return [Tensor(scalar: gradient, dtype: .resource)]
    case "TensorArrayGradV2": return [gradient.nameTensor]
    default: return [Tensor(scalar: gradient, dtype: .resource), inputs[1]]
    }
  }
}

/// The number of an array's elements.
struct TensorArraySize: EagerOperation {
  static let opNames = ["TensorArraySize", "TensorArraySizeV2", "TensorArraySizeV3"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let array = try inputs.tensorArray(context)
    return [Tensor(scalar: Int32(clamping: try array.exclusive { array.slots.count }))]
  }
}

/// Lets go of an array's elements.
struct TensorArrayClose: EagerOperation {
  static let opNames = ["TensorArrayClose", "TensorArrayCloseV2", "TensorArrayCloseV3"]
  init(_ node: NodeContext) throws {}
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    try inputs.tensorArray(context).close()
    return []
  }
}

extension Array where Element == Tensor {
  /// The tensor array that input 0 is a handle of.
  func tensorArray(_ context: RunContext) throws -> TensorArray {
    try self[0].handled(TensorArray.self, in: [context.step], "input 0 (handle)")
  }
}
