import BNormCore
import BNormTensor

/// Datasets of the features of batches of serialised `Example` messages, by their keys in order.
struct ParseExampleDataset: EagerOperation {
  static let opNames = [
    "ParseExampleDataset", "ParseExampleDatasetV2", "ExperimentalParseExampleDataset",
  ]
  private let sparse: [(ByteString, DType)]
  private let denseKeys: [ByteString]
  private let denseShapes: [PartialShape]

  init(_ node: NodeContext) throws {
    let sparseKeys = try node.strings("sparse_keys")
    let sparseDTypes = try node.dtypes("sparse_types")
    denseKeys = try node.strings("dense_keys")
    denseShapes = try node.shapes("dense_shapes")
    guard sparseKeys.count == sparseDTypes.count, denseKeys.count == denseShapes.count,
      try node.dtypes("Tdense").count == denseKeys.count
    else { throw BNormError.invalid("the numbers of keys, dtypes and shapes differ") }
    sparse = Array(zip(sparseKeys, sparseDTypes))
    if node.op != "ExperimentalParseExampleDataset", !(try node.strings("ragged_keys")).isEmpty {
      throw BNormError.unsupported("ragged features in a dataset of examples")
    }
  }

  func infer(_ inputs: [Fact]) -> [PartialShape]? { [.scalar] }

  func run(_ tensors: [Tensor], _ context: RunContext) throws -> [Tensor] {
    let input = try DatasetInputs(tensors).dataset()
    let defaults = tensors[2...].map(\.owned)
    for (i, shape) in denseShapes.enumerated() {
      _ = try DenseColumn(key: denseKeys[i], shape: shape, defaultValue: defaults[i], number: i)
    }
    return [
      Dataset(cardinality: input.cardinality, batchSize: input.batchSize) {
        let source = try input.makeIterator()
        return { context in
          guard let element = try source(context) else { return nil }
          return try parse(element, defaults)
        }
      }.tensor
    ]
  }

  private func parse(_ element: [Tensor], _ defaults: [Tensor]) throws -> [Tensor] {
    guard element.count == 1, element[0].dtype == .string, element[0].rank == 1 else {
      throw BNormError.invalid(
        "elements have shapes \(element.map(\.shape)), expected a vector of strings")
    }
    var columns = sparse.map { SparseColumn(key: $0.0, dtype: $0.1, depth: 1) }
    var dense = try denseKeys.enumerated().map { i, key in
      try DenseColumn(key: key, shape: denseShapes[i], defaultValue: defaults[i], number: i)
    }
    let wanted = Set(denseKeys + sparse.map(\.0))
    for (row, string) in element[0].strings.enumerated() {
      let label = "Index: \(row)"
      let message = try ExampleMessage(example: string, wanted: wanted, label)
      for i in columns.indices {
        try columns[i].add(message.features[columns[i].key] ?? .none, at: [row], label)
      }
      for i in dense.indices { try dense[i].add(message.features[dense[i].key], label) }
    }
    let batch = element[0].count
    var made: [(key: ByteString, tensor: Tensor)] = []
    for column in columns {
      let parts = column.outputs([batch])
      made.append(
        (
          column.key,
          Tensor(objects: parts.map(TensorVariant.init), dtype: .variant, shape: [3])
        ))
    }
    for column in dense { made.append((column.key, try column.output(batch: batch))) }
    return made.sorted { $0.key < $1.key }.map(\.tensor)
  }
}
