import BNormCore
import BNormTensor

/// Lays the rows of several tensors where their indices say; later ones win.
struct DynamicStitch: EagerOperation {
  static let opNames = ["DynamicStitch", "ParallelDynamicStitch"]
  private let count: Int

  init(_ node: NodeContext) throws { count = node.inputDTypes.count / 2 }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    var rest = PartialShape.unknown
    var largest: Int? = -1
    for i in 0..<count {
      if let values = inputs[i].integers {
        largest = largest.map { max($0, values.max() ?? -1) }
      } else {
        largest = nil
      }
      guard let indices = inputs[i].shape.dimensions, let data = inputs[count + i].shape.dimensions
      else { continue }
      let tail = try DynamicStitch.rest(i, indices, data, count)
      guard let both = rest.merged(PartialShape(tail)) else {
        throw BNormError.invalid(
          "input \(count + i) has shape \(inputs[count + i].shape), but rows have shape \(rest)")
      }
      rest = both
    }
    guard let tail = rest.dimensions else { return [.unknown] }
    return [PartialShape([largest.map { $0 + 1 } ?? -1] + tail)]
  }

  /// The dimensions of a row of input `count + i`.
  private static func rest(_ i: Int, _ indices: [Int], _ data: [Int], _ count: Int) throws -> [Int] {
    guard data.count >= indices.count,
      zip(data, indices).allSatisfy({ $0 < 0 || $1 < 0 || $0 == $1 })
    else {
      throw BNormError.invalid(
        "input \(count + i) (data) has shape \(Shape.text(data)), which must start with that of input "
          + "\(i) (indices), \(Shape.text(indices))")
    }
    return Array(data.dropFirst(indices.count))
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    var rest: [Int]?
    var largest = -1
    for i in 0..<count {
      let (indices, data) = (inputs[i], inputs[count + i])
      let tail = try DynamicStitch.rest(i, indices.shape.dimensions, data.shape.dimensions, count)
      guard rest == nil || rest! == tail else {
        throw BNormError.invalid(
          "input \(count + i) has shape \(data.shape), but rows have shape \(Shape.text(rest!))")
      }
      rest = tail
      for index in indices.elements(Int32.self) {
        guard index >= 0 else {
          throw BNormError.invalid("input \(i) (indices) holds \(index), it is negative")
        }
        largest = max(largest, Int(index))
      }
    }
    let shape = try Shape(checking: [largest + 1] + (rest ?? []))
    try MemoryLimit.check(context.outputDTypes[0], shape)
    try MemoryLimit.check(.complex128, [largest + 1])
    var placement = [(source: Int, row: Int)?](repeating: nil, count: largest + 1)
    for i in 0..<count {
      for (row, index) in inputs[i].elements(Int32.self).enumerated() {
        placement[Int(index)] = (i, row)
      }
    }
    return [
      RowMover.assemble(
        Array(inputs[count...]), placement, rowCount: shape.product(1..<shape.rank),
        dtype: context.outputDTypes[0], shape: shape)
    ]
  }
}
