import BNormCore
import BNormTensor
import CBNormKernels

/// The k largest elements of each row, and where they are.
struct TopK: PlannedOperation {
  static let opNames = ["TopK", "TopKV2"]
  private let attributeK: Int?
  private let sorted: Bool

  init(_ node: NodeContext) throws {
    attributeK = node.op == "TopK" ? try node.int("k") : nil
    sorted = try node.bool("sorted")
  }

  var valueInputs: [Int] { attributeK == nil ? [1] : [] }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 1, "input 0")
    if attributeK == nil { try inputs[1].requireScalar("input 1 (k)") }
    let k = attributeK ?? inputs[1].integer
    return Array(repeating: try TopK.shape(inputs[0].shape, axis: -1, k: k), count: 2)
  }

  static func shape(_ input: PartialShape, axis: Int, k: Int?) throws -> PartialShape {
    if let k, k < 0 { throw BNormError.invalid("k is \(k), it is negative") }
    guard var dims = input.dimensions else { return .unknown }
    let axis = try checkedAxis(axis, rank: dims.count, "the axis")
    if let k, dims[axis] >= 0, k > dims[axis] {
      throw BNormError.invalid("k is \(k), but dimension \(axis) of shape \(input) has \(dims[axis])")
    }
    dims[axis] = k ?? -1
    return PartialShape(dims)
  }

  func lower(_ context: Lowering) -> Kernel {
    let shape = context.inputShape(0)
    let columns = shape[shape.rank - 1]
    let rows = shape.product(0..<shape.rank - 1)
    let k = context.outputShape(0)[shape.rank - 1]
    let dtype = context.inputDType(0)
    let indexSize = context.outputDType(1).size
    let sorted = sorted
    return .run { io in
      guard
        bnk_top_k(
          io.input(0), io.output(0), io.output(1), rows, columns, k, Int32(dtype.rawValue), indexSize,
          sorted)
      else { throw BNormError.unsupported("dtype \(dtype.name)") }
    }
  }
}

/// The k largest elements along the last dimension. TensorFlow's CPU kernel is exact, and has no
/// other form.
struct ApproxTopK: PlannedOperation {
  static let opNames = ["ApproxTopK"]
  private let k: Int

  init(_ node: NodeContext) throws {
    k = try node.int("k")
    guard try node.bool("is_max_k") else {
      throw BNormError.unsupported("is_max_k = false, which TensorFlow's CPU kernel lacks too")
    }
    guard try node.int("reduction_dimension") == -1 else {
      throw BNormError.unsupported(
        "a reduction_dimension other than -1, which TensorFlow's CPU kernel lacks too")
    }
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 1, "input 0")
    guard inputs[0].shape.rank != nil else {
      throw BNormError.invalid("the rank of input 0 must be known when the graph is loaded")
    }
    return Array(repeating: try TopK.shape(inputs[0].shape, axis: -1, k: k), count: 2)
  }

  func lower(_ context: Lowering) -> Kernel {
    let shape = context.inputShape(0)
    let columns = shape[shape.rank - 1]
    let rows = shape.product(0..<shape.rank - 1)
    let dtype = context.inputDType(0)
    let k = k
    return .run { io in
      guard
        bnk_top_k(
          io.input(0), io.output(0), io.output(1), rows, columns, k, Int32(dtype.rawValue), 4, true)
      else { throw BNormError.unsupported("dtype \(dtype.name)") }
    }
  }
}

/// The n-th smallest element of each row (the n-th largest with `reverse`).
struct NthElement: EagerOperation {
  static let opNames = ["NthElement"]
  private let reverse: Bool

  init(_ node: NodeContext) throws { reverse = try node.bool("reverse") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 1, "input 0")
    try inputs[1].requireScalar("input 1 (n)")
    if let n = inputs[1].integer {
      guard n >= 0 else { throw BNormError.invalid("input 1 (n) is \(n), it is negative") }
      if let last = inputs[0].shape.dimensions?.last, last >= 0, last <= n {
        throw BNormError.invalid("input 1 (n) is \(n), but input 0 has shape \(inputs[0].shape)")
      }
    }
    guard let dims = inputs[0].shape.dimensions else { return [.unknown] }
    return [PartialShape(Array(dims.dropLast()))]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = inputs[0].shape
    guard shape.rank > 0, inputs[1].rank == 0, let n = inputs[1].integers?.first, n >= 0,
      n < shape[shape.rank - 1]
    else {
      throw BNormError.invalid(
        "input 1 (n) is \(inputs[1].integers ?? []), but input 0 has shape \(shape)")
    }
    let columns = shape[shape.rank - 1]
    let place = reverse ? n : columns - 1 - n
    let out = Tensor(dtype: inputs[0].dtype, shape: Shape(Array(shape.dimensions.dropLast())))
    // The element is the last of the place + 1 largest ones of its row.
    let best = Tensor(dtype: inputs[0].dtype, shape: [place + 1])
    let indices = Tensor(dtype: .int64, shape: [place + 1])
    let size = inputs[0].dtype.size
    for row in 0..<out.count {
      guard
        bnk_top_k(
          inputs[0].pointer + row * columns * size, best.storage.pointer, indices.storage.pointer, 1,
          columns, place + 1, Int32(inputs[0].dtype.rawValue), 8, true)
      else { throw BNormError.unsupported("dtype \(inputs[0].dtype.name)") }
      (out.storage.pointer + row * size).copyMemory(from: best.pointer + place * size, byteCount: size)
    }
    return [out]
  }
}
