import BNormCore
import BNormTensor

/// Input 1 repeated over the shape that input 0 gives.
struct Fill: PlannedOperation {
  static let opNames = ["Fill"]
  init(_ node: NodeContext) throws {}

  var valueInputs: [Int] { [0] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if let rank = inputs[0].shape.rank, rank > 1 {
      throw BNormError.invalid("input 0 (dims) has shape \(inputs[0].shape), expected a vector")
    }
    try inputs[1].requireScalar("input 1 (value)")
    guard let dims = inputs[0].integers else {
      return [.unknown(rank: inputs[0].shape.rank == 0 ? 1 : inputs[0].shape[0])]
    }
    return [PartialShape(try Shape(checking: dims))]
  }

  func lower(_ context: Lowering) -> Kernel {
    let count = context.outputShape(0).count
    let size = context.outputDType(0).size
    return .run { io in io.output(0).fill(io.input(1), count: count, size: size) }
  }
}

/// A tensor of zeros of the shape that input 0 gives.
struct Empty: PlannedOperation {
  static let opNames = ["Empty"]
  init(_ node: NodeContext) throws {}

  var valueInputs: [Int] { [0] }
  var movesElements: Bool { true }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].requireVector("input 0 (shape)")
    guard let dims = inputs[0].integers else { return [.unknown(rank: inputs[0].shape[0])] }
    return [PartialShape(try Shape(checking: dims))]
  }

  func lower(_ context: Lowering) -> Kernel {
    let bytes = context.outputShape(0).count * context.outputDType(0).size
    return .run { io in
      io.output(0).initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }
  }
}

/// Zeros (empty strings, lists of zeros) of the input's shape.
struct ZerosLike: PlannedOperation, EagerOperation {
  static let opNames = ["ZerosLike"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) -> Kernel {
    let bytes = context.outputShape(0).count * context.outputDType(0).size
    return .run { io in
      io.output(0).initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let input = inputs[0]
    guard !input.dtype.isPlain, input.dtype != .string else {
      return [Tensor(zeros: input.dtype, shape: input.shape)]
    }
    let zeros = try input.objects.map { object -> (any TensorObject)? in
      guard let object else { return nil }
      guard let addend = object as? any AddableObject else {
        throw BNormError.unsupported("zeros of a \(object.typeName)")
      }
      return try addend.zeros()
    }
    return [Tensor(objects: zeros, dtype: input.dtype, shape: input.shape)]
  }
}

/// Ones of the input's shape.
struct OnesLike: PlannedOperation {
  static let opNames = ["OnesLike"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [inputs[0].shape] }

  func lower(_ context: Lowering) throws -> Kernel {
    let count = context.outputShape(0).count
    let size = context.outputDType(0).size
    let one = try context.outputDType(0).bytesOfOne()
    return .run { io in
      one.withUnsafeBytes { io.output(0).fill($0.baseAddress!, count: count, size: size) }
    }
  }
}

extension DType {
  /// The bytes of the number 1 (little-endian).
  func bytesOfOne() throws -> [UInt8] {
    switch self {
    case .float: return [0, 0, 0x80, 0x3f]
    case .double: return [0, 0, 0, 0, 0, 0, 0xf0, 0x3f]
    case .half: return [0, 0x3c]
    case .bfloat16: return [0x80, 0x3f]
    case .float8_e5m2: return [0x3c]
    case .float8_e4m3fn: return [0x38]
    case .complex64: return [0, 0, 0x80, 0x3f, 0, 0, 0, 0]
    case .complex128: return [0, 0, 0, 0, 0, 0, 0xf0, 0x3f] + [UInt8](repeating: 0, count: 8)
    case .string, .resource, .variant: throw BNormError.unsupported("dtype \(name)")
    default: return [1] + [UInt8](repeating: 0, count: size - 1)
    }
  }
}
