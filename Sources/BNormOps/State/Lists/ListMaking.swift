import BNormCore
import BNormTensor

/// A list without elements.
struct EmptyTensorList: EagerOperation {
  static let opNames = ["EmptyTensorList"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("element_dtype") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let maximum = try inputs.scalarInteger(1, "max_num_elements")
    let shape = try inputs.partialShape(0, "element_shape")
    return [TensorList(dtype: dtype, elementShape: shape, maximumCount: maximum).tensor]
  }
}

/// A list of elements that nobody has set.
struct TensorListReserve: EagerOperation {
  static let opNames = ["TensorListReserve"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("element_dtype") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = try inputs.partialShape(0, "element_shape")
    let count = try inputs.scalarInteger(1, "num_elements")
    guard count >= 0 else {
      throw BNormError.invalid(
        "The num_elements to reserve must be a non negative number, but got \(count)")
    }
    try TensorList.checkRoom(count)
    return [
      TensorList(
        dtype: dtype, elementShape: shape, tensors: [Tensor?](repeating: nil, count: count)
      ).tensor
    ]
  }
}

/// The rows of a tensor as a list.
struct TensorListFromTensor: EagerOperation, HandleOperation {
  static let opNames = ["TensorListFromTensor"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("element_dtype") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[0].shape.requireRank(atLeast: 1, "input 0 (tensor)")
    return [.scalar]
  }

  func handleShapes(_ inputs: [Fact]) -> [PartialShape?] {
    let element = PartialShape(inputs[0].shape.dimensions.map { Array($0.dropFirst()) })
    return [element.full == nil ? nil : element]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = try inputs.partialShape(1, "element_shape")
    let tensor = inputs[0]
    guard tensor.rank > 0 else {
      throw BNormError.invalid("Tensor must be at least a vector, but saw shape: \(tensor.shape)")
    }
    guard shape.accepts(Shape(Array(tensor.shape.dimensions.dropFirst()))) else {
      throw BNormError.invalid(
        "Specified a list with shape \(shape) from a tensor with shape \(tensor.shape)")
    }
    return [TensorList(dtype: dtype, elementShape: shape, tensors: tensor.unstacked()).tensor]
  }
}

/// The rows of a tensor at given places of a new list.
struct TensorListScatter: EagerOperation {
  static let opNames = ["TensorListScatter", "TensorListScatterV2"]
  private let dtype: DType
  private let hasCount: Bool

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("element_dtype")
    hasCount = node.op == "TensorListScatterV2"
  }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let shape = try inputs.partialShape(2, "element_shape")
    let count = hasCount ? try inputs.scalarInteger(3, "num_elements") : -1
    guard count >= -1 else {
      throw BNormError.invalid("TensorListScatter expects num_elements >= -1, found: \(count)")
    }
    let (rows, indices) = try ListRows.read(inputs, 0, indices: 1)
    guard shape.accepts(Shape(Array(inputs[0].shape.dimensions.dropFirst()))) else {
      throw BNormError.invalid(
        "Specified a list with shape \(shape) from a tensor with shape \(inputs[0].shape)")
    }
    let needed = (indices.max() ?? -1) + 1
    guard count < 0 || needed <= count else {
      throw BNormError.invalid(
        "TensorListScatter: Trying to scatter at index \(needed - 1) in list with size \(count)")
    }
    try TensorList.checkRoom(max(count, 0))
    let list = TensorList(
      dtype: dtype, elementShape: shape,
      tensors: [Tensor?](repeating: nil, count: count >= 0 ? count : try ListRows.sane(needed)))
    for (row, i) in zip(rows, indices) { list.tensors[i] = row }
    return [list.tensor]
  }
}

/// The rows of a tensor at given places of a list, which grows as needed.
struct TensorListScatterIntoExistingList: ConsumingOperation {
  static let opNames = ["TensorListScatterIntoExistingList"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("element_dtype") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(consuming inputs: inout [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (rows, indices) = try ListRows.read(inputs, 1, indices: 2)
    let given = try inputs.object(0, TensorList.self, "input_handle")
    try given.require(dtype)
    guard given.elementShape.accepts(Shape(Array(inputs[1].shape.dimensions.dropFirst()))) else {
      throw BNormError.invalid(
        "input 1 (tensor) has shape \(inputs[1].shape), but the list's element shape is "
          + "\(given.elementShape)")
    }
    let needed = try ListRows.sane((indices.max() ?? -1) + 1)
    let list = try inputs.take(0, TensorList.self, "input_handle")
    if needed > list.count {
      list.tensors += [Tensor?](repeating: nil, count: needed - list.count)
    }
    for (row, i) in zip(rows, indices) { list.tensors[i] = row }
    return [list.tensor]
  }
}

/// Slices of a tensor along dimension 0 as a list.
struct TensorListSplit: EagerOperation {
  static let opNames = ["TensorListSplit"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("element_dtype") }
  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let tensor = inputs[0]
    let shape = try inputs.partialShape(1, "element_shape")
    let lengths = try inputs.integers(2, "lengths")
    guard tensor.rank > 0 else {
      throw BNormError.invalid("Tensor must be at least a vector, but saw shape: \(tensor.shape)")
    }
    let rows = Array(tensor.shape.dimensions.dropFirst())
    guard PartialShape(shape.dimensions.map { [-1] + $0.dropFirst() }).accepts(tensor.shape) else {
      throw BNormError.invalid(
        "tensor shape \(tensor.shape) is not compatible with element_shape \(shape)")
    }
    let list = TensorList(dtype: dtype, elementShape: shape)
    var start = 0
    for length in lengths {
      guard length >= 0, length <= tensor.shape[0] - start else {
        throw BNormError.invalid(
          "input 2 (lengths) is \(lengths), which does not divide the \(tensor.shape[0]) rows of "
            + "input 0 (tensor)")
      }
      list.tensors.append(tensor.rows(start..<(start + length), shape: Shape([length] + rows)))
      start += length
    }
    guard start == tensor.shape[0] else {
      throw BNormError.invalid(
        "Unused values in tensor. Length of tensor: \(tensor.shape[0]) Values used: \(start)")
    }
    return [list.tensor]
  }
}

enum ListRows {
  /// The rows of input `i` and the places in input `indices` that they go to.
  static func read(
    _ inputs: [Tensor], _ i: Int, indices: Int
  ) throws -> (rows: [Tensor], places: [Int]) {
    let tensor = inputs[i]
    let places = try inputs.integers(indices, "indices")
    guard tensor.rank > 0 else {
      throw BNormError.invalid("Tensor must be at least a vector, but saw shape: \(tensor.shape)")
    }
    guard tensor.shape[0] == places.count else {
      throw BNormError.invalid(
        "Expected len(indices) == tensor.shape[0], but saw: \(places.count) and \(tensor.shape[0])")
    }
    if let bad = places.first(where: { $0 < 0 }) {
      throw BNormError.invalid("Indices in TensorListScatter must all be non-negative, got \(bad)")
    }
    return (tensor.unstacked(), places)
  }

  /// `count`, unless no list can be that long.
  static func sane(_ count: Int) throws -> Int {
    try TensorList.checkRoom(count)
    return count
  }
}
