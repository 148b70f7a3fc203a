import BNormCore
import BNormTensor

/// A ragged tensor as a dense one: rows are cut to the shape or filled up with a default value.
struct RaggedTensorToTensor: EagerOperation {
  static let opNames = ["RaggedTensorToTensor"]
  private let partitions: [RowPartition]

  init(_ node: NodeContext) throws {
    partitions = try RowPartition.list(node)
    guard node.inputDTypes.count == partitions.count + 3 else {
      throw BNormError.invalid(
        "\(node.inputDTypes.count - 3) row partitions, but attribute row_partition_types has "
          + "\(partitions.count)")
    }
  }

  /// The partitions of the ragged dimensions and their inputs.
  private var ragged: [(partition: RowPartition, input: Int)] {
    let all = partitions.enumerated().map { (partition: $1, input: $0 + 3) }
    return Array(all.dropFirst(partitions[0] == .firstDimension ? 1 : 0))
  }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    for (i, partition) in partitions.enumerated() {
      try inputs[i + 3].shape.requireRank(
        partition == .firstDimension ? 0 : 1, "input \(i + 3) (\(partition.rawValue))")
    }
    let given: PartialShape
    if let value = inputs[0].value {
      given = value.rank == 0 ? .unknown : try checked(value)
    } else if inputs[0].shape.rank == 1, let rank = inputs[0].shape[0] {
      given = .unknown(rank: rank)
    } else {
      given = .unknown
    }
    try checkDefault(inputs[2].shape, values: inputs[1].shape)
    return [try combine(given, values: inputs[1].shape)]
  }

  /// The shape that input 0 holds; -1 stands for what the values need.
  private func checked(_ value: Tensor) throws -> PartialShape {
    let dimensions = value.integers ?? []
    if value.rank == 0 {
      guard dimensions == [-1] else {
        throw BNormError.invalid("input 0 (shape) is \(dimensions), expected -1 or a vector")
      }
      return .unknown
    }
    guard value.rank == 1, dimensions.allSatisfy({ $0 >= -1 }) else {
      throw BNormError.invalid(
        "input 0 (shape) is \(dimensions), expected a vector without negative sizes but -1")
    }
    return PartialShape(dimensions)
  }

  private func checkDefault(_ shape: PartialShape, values: PartialShape) throws {
    guard let given = shape.dimensions, let row = values.dimensions?.dropFirst() else { return }
    guard given.count <= row.count,
      zip(given, row).allSatisfy({ $0 < 0 || $1 < 0 || $0 == 1 || $0 == $1 })
    else {
      throw BNormError.invalid(
        "input 2 (default_value) has shape \(shape), which does not broadcast to an element of "
          + "input 1 (values) of shape \(values)")
    }
  }

  private func combine(_ given: PartialShape, values: PartialShape) throws -> PartialShape {
    guard let valueDimensions = values.dimensions else { return given }
    let rank = ragged.count + valueDimensions.count
    guard rank == given.rank ?? rank else {
      throw BNormError.invalid(
        "input 0 (shape) is \(given), but \(ragged.count) ragged dimensions and values of shape "
          + "\(values) make rank \(rank)")
    }
    var out = given.dimensions ?? [Int](repeating: -1, count: rank)
    for i in 1..<max(valueDimensions.count, 1) where valueDimensions[i] >= 0 {
      let k = rank - valueDimensions.count + i
      guard out[k] < 0 || out[k] == valueDimensions[i] else {
        throw BNormError.invalid(
          "input 0 (shape) is \(given), which does not fit values of shape \(values)")
      }
      out[k] = valueDimensions[i]
    }
    return PartialShape(out)
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    _ = try infer(inputs.map { Fact($0.dtype, PartialShape($0.shape)) })
    let values = inputs[1]
    guard values.rank >= 1 else { throw BNormError.invalid("input 1 (values) is a scalar") }
    guard let first = inputs[3].integers, !first.isEmpty else {
      throw BNormError.invalid("input 3 is empty, expected at least one element")
    }
    let rows = partitions[0] == .firstDimension ? first[0] : first.count - 1
    guard rows >= 0 else { throw BNormError.invalid("input 3 (FIRST_DIM_SIZE) is \(rows)") }
    let combined = try combine(try checked(inputs[0]), values: PartialShape(values.shape))
    var dimensions = combined.dimensions ?? []
    if dimensions[0] < 0 { dimensions[0] = rows }
    let parts = ragged.map { ($0.partition, inputs[$0.input].integers ?? []) }
    for (i, (partition, part)) in parts.enumerated() where dimensions[i + 1] < 0 {
      dimensions[i + 1] = partition.width(part)
    }
    let shape = try Shape(checking: dimensions)
    try MemoryLimit.check(values.dtype, shape)
    guard shape.count > 0 else { return [Tensor(dtype: values.dtype, shape: shape)] }
    return [try fill(shape, rows: rows, parts, values, fallback: inputs[2])]
  }

  private func fill(
    _ shape: Shape, rows: Int, _ parts: [(RowPartition, [Int])], _ values: Tensor, fallback: Tensor
  ) throws -> Tensor {
    let raggedRank = parts.count
    let strides = (0...raggedRank).map { shape.product($0 + 1..<raggedRank + 1) }
    try MemoryLimit.check(bytes: rows * 8)
    var places = (0..<rows).map { $0 < shape[0] ? $0 * strides[0] : -1 }
    for (i, (partition, part)) in parts.enumerated() {
      places = try partition.places(
        part, in: places, stride: strides[i + 1], room: shape[i + 1])
    }
    guard places.count <= values.shape[0] || places[values.shape[0]...].allSatisfy({ $0 < 0 })
    else {
      throw BNormError.invalid(
        "input 1 (values) has \(values.shape[0]) rows, but the row partitions have \(places.count)")
    }
    let element = Shape(Array(shape.dimensions[(raggedRank + 1)...]))
    let filler = try broadcast(fallback, to: element)
    var placement = [RowSource?](
      repeating: RowSource(tensor: 0, row: 0), count: shape.product(0..<raggedRank + 1))
    for (row, place) in places.enumerated() where place >= 0 {
      placement[place] = RowSource(tensor: 1, row: row)
    }
    return RowCopy.assemble(
      [filler, values], placement, width: element.count, dtype: values.dtype, shape: shape)
  }

  private func broadcast(_ tensor: Tensor, to shape: Shape) throws -> Tensor {
    guard tensor.shape.broadcast(shape) == shape else {
      throw BNormError.invalid(
        "input 2 (default_value) has shape \(tensor.shape), which does not broadcast to \(shape)")
    }
    let padded = [Int](repeating: 1, count: shape.rank - tensor.rank) + tensor.shape.dimensions
    let strides = Shape(padded).strides
    let rows = (0..<shape.count).map { flat in
      var (rest, at) = (flat, 0)
      for i in (0..<shape.rank).reversed() {
        if padded[i] > 1 { at += rest % shape[i] * strides[i] }
        rest /= shape[i]
      }
      return at
    }
    return RowCopy.gather(tensor, rows: rows, width: 1, shape: shape)
  }
}
