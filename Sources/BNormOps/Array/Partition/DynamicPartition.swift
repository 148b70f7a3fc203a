import BNormCore
import BNormTensor

/// Sorts rows into several outputs by the number in input 1.
struct DynamicPartition: EagerOperation {
  static let opNames = ["DynamicPartition"]
  private let count: Int

  init(_ node: NodeContext) throws { count = try node.int("num_partitions") }

  func infer(_ inputs: [Fact]) throws -> [PartialShape]? {
    guard let data = inputs[0].shape.dimensions, let partitions = inputs[1].shape.dimensions else {
      return Array(repeating: .unknown, count: count)
    }
    try DynamicPartition.check(data, startWith: partitions)
    return Array(repeating: PartialShape([-1] + data.dropFirst(partitions.count)), count: count)
  }

  private static func check(_ data: [Int], startWith partitions: [Int]) throws {
    guard data.count >= partitions.count,
      zip(data, partitions).allSatisfy({ $0 < 0 || $1 < 0 || $0 == $1 })
    else {
      throw BNormError.invalid(
        "input 0 (data) has shape \(Shape.text(data)), which must start with that of input 1 "
          + "(partitions), \(Shape.text(partitions))")
    }
  }

  func run(_ inputs: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let (data, partitions) = (inputs[0], inputs[1])
    try DynamicPartition.check(data.shape.dimensions, startWith: partitions.shape.dimensions)
    let rest = Array(data.shape.dimensions.dropFirst(partitions.rank))
    let rowCount = data.shape.product(partitions.rank..<data.rank)
    var rows = [[Int]](repeating: [], count: count)
    for (i, partition) in partitions.elements(Int32.self).enumerated() {
      guard partition >= 0, partition < count else {
        throw BNormError.invalid(
          "input 1 (partitions) holds \(partition) at \(i), expected a value in [0,\(count))")
      }
      rows[Int(partition)].append(i)
    }
    return rows.map {
      RowMover.gather(data, rows: $0, rowCount: rowCount, shape: Shape([$0.count] + rest))
    }
  }
}
