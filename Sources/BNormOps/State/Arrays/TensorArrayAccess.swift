import BNormCore
import BNormTensor

/// Writes one element.
struct TensorArrayWrite: EagerOperation {
  static let opNames = ["TensorArrayWrite", "TensorArrayWriteV2", "TensorArrayWriteV3"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[1].shape.requireRank(0, "input 1 (index)")
    return [.scalar]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let array = try inputs.tensorArray(context)
    let index = try inputs.scalarInteger(1, "index")
    try array.exclusive { try array.write(inputs[2], at: index) }
    return [inputs[3]]
  }
}

/// Reads one element.
struct TensorArrayRead: EagerOperation {
  static let opNames = ["TensorArrayRead", "TensorArrayReadV2", "TensorArrayReadV3"]
  private let dtype: DType

  init(_ node: NodeContext) throws { dtype = try node.dtype("dtype") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[1].shape.requireRank(0, "input 1 (index)")
    return inputs[2].handleShape.map { [$0] }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let array = try inputs.tensorArray(context)
    let index = try inputs.scalarInteger(1, "index")
    return [
      try array.exclusive {
        try array.require(dtype)
        return try array.read(index)
      }
    ]
  }
}

/// Reads elements along a new dimension 0: chosen ones, or all.
struct TensorArrayGather: EagerOperation {
  static let opNames = [
    "TensorArrayGather", "TensorArrayGatherV2", "TensorArrayGatherV3", "TensorArrayPack",
  ]
  private let dtype: DType
  private let elementShape: PartialShape
  private let readsAll: Bool

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("dtype")
    elementShape = try node.shape("element_shape")
    readsAll = node.op == "TensorArrayPack"
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    if !readsAll { try inputs[1].shape.requireRank(1, "input 1 (indices)") }
    return [elementShape.stacked(readsAll ? nil : inputs[1].shape[0])]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let array = try inputs.tensorArray(context)
    let chosen = readsAll ? nil : try inputs.integers(1, "indices")
    return [
      try array.exclusive {
        try array.require(dtype)
        try array.merge(elementShape: elementShape)
        let indices = chosen ?? Array(array.slots.indices)
        guard !indices.isEmpty else {
          guard let full = array.elementShape.full else {
            throw array.error(
              "has size zero, but element shape \(array.elementShape) is not fully defined. "
                + "Currently only static shapes are supported when packing zero-size TensorArrays.")
          }
          return Tensor(zeros: dtype, shape: try Shape(checking: [0] + full.dimensions))
        }
        let values = try indices.map { try array.read($0) }
        for (i, value) in zip(indices, values) where value.shape != values[0].shape {
          throw array.error(
            "has inconsistent shapes.  Index \(indices[0]) has shape: \(values[0].shape) but index "
              + "\(i) has shape: \(value.shape)")
        }
        guard array.elementShape.accepts(values[0].shape) else {
          throw array.error(
            "Expected elements of shape \(array.elementShape) but read shape \(values[0].shape)")
        }
        return try Tensor.joining(
          values, gaps: { _ in 0 }, dtype: dtype,
          shape: try Shape(checking: [values.count] + values[0].shape.dimensions))
      }
    ]
  }
}

/// Writes the rows of a tensor as elements: at chosen places, or at all.
struct TensorArrayScatter: EagerOperation, HandleOperation {
  static let opNames = [
    "TensorArrayScatter", "TensorArrayScatterV2", "TensorArrayScatterV3", "TensorArrayUnpack",
  ]
  private let writesAll: Bool
  private var value: Int { writesAll ? 1 : 2 }

  init(_ node: NodeContext) throws { writesAll = node.op == "TensorArrayUnpack" }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? { [.scalar] }

  func handleShapes(_ inputs: [Fact]) -> [PartialShape?] {
    let element = PartialShape(inputs[value].shape.dimensions.map { Array($0.dropFirst()) })
    return [element.full == nil ? nil : element]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let array = try inputs.tensorArray(context)
    let tensor = inputs[value]
    guard tensor.rank > 0 else {
      throw BNormError.invalid("Input value for unpack must be at least a vector")
    }
    let chosen = writesAll ? nil : try inputs.integers(1, "indices")
    try array.exclusive {
      let indices = chosen ?? Array(0..<tensor.shape[0])
      guard indices.count == tensor.shape[0] else {
        throw array.error(
          "Expected len(indices) == values.shape[0], but saw: \(indices.count) vs. \(tensor.shape[0])")
      }
      if writesAll, array.slots.count != indices.count, !array.hasDynamicSize {
        throw array.error(
          "TensorArray's size is not equal to the size of unpacked value (\(array.slots.count) vs. "
            + "\(indices.count)), and the TensorArray is not marked as dynamically resizeable.")
      }
      for (row, i) in zip(tensor.unstacked(), indices) { try array.write(row, at: i) }
    }
    return [inputs.last!]
  }
}

/// Reads all elements along their dimension 0, and their lengths there.
struct TensorArrayConcat: EagerOperation {
  static let opNames = ["TensorArrayConcat", "TensorArrayConcatV2", "TensorArrayConcatV3"]
  private let dtype: DType
  private let rest: PartialShape

  init(_ node: NodeContext) throws {
    dtype = try node.dtype("dtype")
    rest = try node.shape("element_shape_except0")
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [rest.stacked(nil), .unknown(rank: 1)] }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let array = try inputs.tensorArray(context)
    return try array.exclusive {
      try array.require(dtype)
      guard !array.slots.isEmpty else {
        guard let full = rest.full else {
          throw array.error(
            "has size zero, but element_shape_except0 \(rest) is not fully defined. Currently only "
              + "static shapes are supported when concatenating zero-size TensorArrays.")
        }
        return [
          Tensor(zeros: dtype, shape: try Shape(checking: [0] + full.dimensions)),
          Tensor([Int64]()),
        ]
      }
      let values = try array.slots.indices.map { try array.read($0) }
      for (i, value) in values.enumerated() {
        guard value.rank > 0 else {
          throw array.error(
            "Concat saw a scalar shape at index \(i) but requires at least vectors.  Did you mean to "
              + "call pack?")
        }
        guard value.shape.dimensions.dropFirst() == values[0].shape.dimensions.dropFirst() else {
          throw array.error(
            "has inconsistent shapes.  Index 0 has (excepting dimension 0) shape: "
              + "\(Shape(Array(values[0].shape.dimensions.dropFirst()))) but index \(i) has (excepting "
              + "dimension 0) shape: \(Shape(Array(value.shape.dimensions.dropFirst())))")
        }
      }
      let row = Array(values[0].shape.dimensions.dropFirst())
      guard rest.accepts(Shape(row)) else {
        throw array.error(
          "was passed element_shape_except0 \(rest) but elements have \(Shape(row))")
      }
      let lengths = values.map { $0.shape[0] }
      let shape = try Shape(checking: [lengths.reduce(0, +)] + row)
      return [
        try Tensor.joining(values, gaps: { _ in 0 }, dtype: dtype, shape: shape),
        Tensor(lengths.map { Int64($0) }),
      ]
    }
  }
}

/// Writes slices of a tensor along dimension 0 as all elements.
struct TensorArraySplit: EagerOperation {
  static let opNames = ["TensorArraySplit", "TensorArraySplitV2", "TensorArraySplitV3"]
  init(_ node: NodeContext) throws {}

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    try inputs[2].shape.requireRank(1, "input 2 (lengths)")
    return [.scalar]
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let array = try inputs.tensorArray(context)
    let value = inputs[1]
    let lengths = try inputs.integers(2, "lengths")
    guard value.rank > 0 else {
      throw BNormError.invalid(
        "Expected value to be at least a vector, but received shape: \(value.shape)")
    }
    try array.exclusive {
      var total = 0
      for length in lengths {
        let (sum, overflow) = total.addingReportingOverflow(length)
        guard length >= 0, !overflow else {
          throw array.error("Invalid value for lengths: \(length), expected non-negative values")
        }
        total = sum
      }
      guard total == value.shape[0] else {
        throw array.error(
          "Expected sum of lengths to be equal to values.shape[0], but sum of lengths is \(total) and "
            + "value's shape is: \(value.shape)")
      }
      guard array.hasDynamicSize || array.slots.count == lengths.count else {
        throw array.error(
          "TensorArray's size is not equal to the size of lengths (\(array.slots.count) vs. "
            + "\(lengths.count)), and the TensorArray is not marked as dynamically resizeable")
      }
      let row = Array(value.shape.dimensions.dropFirst())
      var start = 0
      for (i, length) in lengths.enumerated() {
        try array.write(
          value.rows(start..<(start + length), shape: Shape([length] + row)), at: i)
        start += length
      }
    }
    return [inputs[3]]
  }
}
